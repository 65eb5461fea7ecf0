"""Pushes from eight writers, ends the server at random moments, and compares what is there with what was acknowledged.

usage: crash.py BINARY [--rounds N] [--seed N] [--term]
"""
import random
import tempfile
import threading
import time

from invariants import Model, Writer, arguments, verify
from server import Server

options = arguments(__doc__, rounds=6, term=False)
model = Model()
slowest, lost = 0, []
with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as data:
    for round_number in range(options.rounds):
        server = Server(options.binary, data)
        slowest = max(slowest, server.seconds_to_ready)
        # What an end left without an answer is sent again, as an agent does.
        for profile in lost:
            Writer(server, model, profile.writer).write(profile)
        writers = [Writer(server, model, number) for number in range(8)]
        threads = [threading.Thread(target=writer.run) for writer in writers]
        for thread in threads:
            thread.start()
        time.sleep(random.uniform(0.02, 0.6))
        status = server.end(kill=not options.term)
        for thread in threads:
            thread.join(60)
        if options.term and status != 0:
            raise SystemExit(f"a stop ended with status {status}")
        # A text without an id of its own may not be sent twice.
        lost = [w.pending for w in writers if w.pending and w.pending.number % 4 != 3]
        if round_number % 10 == 9:
            server = Server(options.binary, data)
            verify(server, model, f"after round {round_number}")
            server.end(kill=False)
    server = Server(options.binary, data)
    slowest = max(slowest, server.seconds_to_ready)
    stored = verify(server, model, "at the end")
    assert server.end(kill=False) == 0
assert model.acknowledged, "nothing was acknowledged"
print(f"{len(model.attempted)} attempted, {len(model.acknowledged)} acknowledged, {len(stored)} stored, "
      f"slowest start {slowest:.3f} s")
