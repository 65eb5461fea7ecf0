"""Fills the disk below a server that is written to: pushes are refused, queries go on, and all is well once there is room.

usage: unshare -m diskfull.py BINARY [--rounds N] [--seed N]

It mounts a small tmpfs, for which it must be root; the mount goes with its namespace.
"""
import os
import random
import subprocess
import tempfile

from invariants import Checker, Model, Writer, arguments, fill, verify
from server import Server

options = arguments(__doc__, rounds=3)
place = tempfile.mkdtemp()
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "hearth-faults", place], check=True)
try:
    model = Model()
    server = Server(options.binary, place + "/data")
    fill(server, model, 30)
    refused = 0
    for round_number in range(options.rounds):
        room = random.randrange(20_000, 3_000_000)
        free = os.statvfs(place).f_bavail * os.statvfs(place).f_bsize
        with open(place + "/ballast", "wb") as ballast:
            # Reserved at once, so that it is really taken.
            os.posix_fallocate(ballast.fileno(), 0, max(free - room, 4096))
        writers = [Writer(server, model, number) for number in range(4)]
        answers = []
        for _ in range(20_000):
            status, text = random.choice(writers).write()
            if status != 200:
                answers.append((status, text))
                if len(answers) >= 20:
                    break
        if not answers:
            raise SystemExit("the disk never was full")
        wrong = [a for a in answers if a[0] != 503 or "full" not in a[1]]
        if wrong:
            raise SystemExit(f"not refused as it must: {wrong[0]}")
        refused += len(answers)
        # Queries that nobody asked before, and the server's own view.
        verify(server, model, f"with a full disk, {room} bytes left")
        if server.get("/ready")[0] != 200:
            raise SystemExit(f"not ready with a full disk: {server.get('/ready')}")
        os.unlink(place + "/ballast")
        for writer in writers:
            status, text = writer.write()
            if status != 200:
                raise SystemExit(f"still refused with room on the disk: {status} {text}")
        verify(server, model, "with room again")
    server.end(kill=bool(options.seed % 2))
    server = Server(options.binary, place + "/data")
    stored = verify(server, model, "after a start")
    assert server.end(kill=False) == 0
    print(f"{refused} pushes refused in {options.rounds} rounds, {len(stored)} profiles stored")
finally:
    subprocess.run(["umount", "-l", place])
    os.rmdir(place)
