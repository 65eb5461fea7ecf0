"""Ends the server in the middle of rollups and of the migration from schema 1, and compares.

usage: midway.py BINARY [--rounds N] [--filler N] [--seed N]
"""
import glob
import os
import random
import shutil
import tempfile
import time

import oldschema
from invariants import START, Model, arguments, fill, look, verify
from server import Server
from wire import pprof, push

options = arguments(__doc__, rounds=2, filler=20_000)


def left(data):
    """How many buckets are not rolled up, and how many rollups there are."""
    counts = [0, 0]
    for path in glob.glob(data + "/tenants/*/*.db"):
        for index, table in enumerate(("stale", "rollups")):
            counts[index] += look(path, f"SELECT count(*) FROM {table}")
    return counts


def rollups(data):
    """Rollups begin three seconds after the last push; ends come shortly before, while and after they are made."""
    model = Model()
    for round_number in range(options.rounds):
        server = Server(options.binary, data)
        # What an end left stale is rolled up at once.
        fill(server, model, 150)
        deadline = time.time() + 20
        begun = left(data)[0]
        while left(data)[0] == begun and time.time() < deadline:
            time.sleep(0.01)
        time.sleep(random.uniform(0, 0.1))
        server.end(kill=round_number % 3 != 2)
        server = Server(options.binary, data)
        verify(server, model, f"a stop in the middle of rollups, {left(data)} left", ranges=10)
        server.end(kill=True)
    server = Server(options.binary, data)
    deadline = time.time() + 60
    while left(data)[0] and time.time() < deadline:
        time.sleep(0.1)
    stale, made = left(data)
    if stale or not made:
        raise SystemExit(f"rollups do not come to an end: {stale} stale, {made} made")
    verify(server, model, "with all rollups", ranges=20)
    assert server.end(kill=False) == 0
    return made


def migration(data):
    """Files as the program of schema 1 wrote them; what is in them is in the answers, however often the change is cut short."""
    model = Model()
    server = Server(options.binary, data)
    fill(server, model, 60)
    for writer in range(8):
        model.next[writer] = 650
    fill(server, model, 20)
    assert server.end(kill=False) == 0
    paths = glob.glob(data + "/tenants/*/*.db")
    assert len(paths) == 2
    for path in paths:
        oldschema.rewrite(path, options.filler)
    os.rename(data, data + ".old")
    cut = 0
    for round_number in range(options.rounds + 3):
        shutil.rmtree(data, ignore_errors=True)
        shutil.copytree(data + ".old", data)
        server = Server(options.binary, data)
        time.sleep(random.uniform(0, 0.06))
        server.end(kill=round_number % 3 != 2)
        cut += any(version(path) == 1 for path in paths)
        server = Server(options.binary, data)
        verify(server, model, "after the migration", ranges=3)
        if round_number == 0:
            # What comes now is in this copy alone, so nothing of it is noted.
            labels = {"__name__": "process_cpu", "service_name": "new"}
            for time_ms in (START, START + 3_600_000):
                assert server.push(push([(labels, pprof([(["main"], 1, None)], time_ms * 1_000_000), None)]))[0] == 200
        assert server.end(kill=False) == 0
        assert [version(path) for path in paths] == [2, 2]
    return cut


def version(path):
    return look(path, "PRAGMA user_version")


# Stops in the middle of retention and deletion are those of retention.py.
with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as work:
    made = rollups(work + "/rollups")
    cut = migration(work + "/migration")
    print(f"{made} rollups made over {options.rounds} stops, {cut} migrations cut short")
