"""Starts a second server on a directory that one uses: it is refused, whatever the first does, and follows it once it is gone.

usage: sharing.py BINARY [--seed N]
"""
import subprocess
import tempfile
import threading

from invariants import Model, Writer, arguments, fill, verify
from server import Server

options = arguments(__doc__)
with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as data:
    server = Server(options.binary, data)
    model = Model()
    fill(server, model, 20)
    stop = threading.Event()
    threads = [threading.Thread(target=Writer(server, model, n).run, args=(stop.is_set,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(5):
        second = subprocess.run([options.binary, "serve", "--listen", "127.0.0.1:0", "--data-dir", data],
                                capture_output=True, text=True, timeout=30)
        assert second.returncode == 1, second
        assert data in second.stderr and "in use by another process" in second.stderr, second.stderr
    stop.set()
    for thread in threads:
        thread.join(60)
    verify(server, model, "beside a second server")
    server.end(kill=True)
    # The lock goes with the process that held it.
    server = Server(options.binary, data)
    verify(server, model, "after the first was killed")
    assert server.end(kill=False) == 0
print(f"five servers refused while {len(model.acknowledged)} profiles came in")
