#!/usr/bin/env bash
# Runs the fault tests for long: faults.sh BINARY [SEED]. With a seed it repeats a run, as far as timing lets it.
set -euo pipefail
cd "$(dirname "$0")"
binary=$(realpath "$1")
seed=${2:-$((RANDOM * 32768 + RANDOM))}
run() { printf '\n== %s\n' "$*"; "$@" --seed "$seed"; }

run python3 crash.py "$binary" --rounds 100
run python3 crash.py "$binary" --rounds 20 --term
run python3 flips.py "$binary" --copies 200 --logs 100
run python3 midway.py "$binary" --rounds 8 --filler 60000
run python3 sharing.py "$binary"
run python3 readers.py "$binary" --seconds 30
run python3 retries.py "$binary" --times 300
if command -v cc >/dev/null; then
    run python3 ioerror.py "$binary"
    run python3 powerloss.py "$binary" --cuts 60 --seconds 8
else
    echo "skipped ioerror.py and powerloss.py: no cc"
fi
if unshare -m mount -t tmpfs none /mnt 2>/dev/null; then
    run unshare -m python3 diskfull.py "$binary" --rounds 10
else
    echo "skipped diskfull.py: mounting a small tmpfs needs root"
fi
