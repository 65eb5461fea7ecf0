#pragma once

// The few parts of POSIX and Linux that Swift cannot import: macros, and functions behind them.
