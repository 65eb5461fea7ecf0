"""Flips a bit in each of many copies of the data: answers are right, or say what they lack, and nothing ends the server.

usage: flips.py BINARY [--copies N] [--logs N] [--seed N]

Each copy is a tenant of one server. `--copies` of them have their flip in a database file that was closed, `--logs` in the
write-ahead log that kill -9 left. Each has a second, whole day, which must be served exactly.
"""
import glob
import os
import random
import shutil
import tempfile
import time

from invariants import Checker, Model, arguments, fill, look
from server import Server

options = arguments(__doc__, copies=200, logs=40)


def flip(path, at):
    with open(path, "r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ 1 << random.randrange(8)]))


def sample(base, model, kill):
    """Data of two days, closed with its rollups made, or killed with its logs full."""
    server = Server(options.binary, base)
    fill(server, model, 40, writers=4)
    for writer in range(4):
        model.next[writer] = 700
    fill(server, model, 20, writers=4)
    files = sorted(glob.glob(base + "/tenants/anonymous/*.db"))
    assert len(files) == 2
    deadline = time.time() + 30
    while not kill and any(look(path, "SELECT count(*) FROM stale") for path in files) and time.time() < deadline:
        time.sleep(0.2)
    server.end(kill)
    assert kill == any(os.path.exists(path + "-wal") for path in files)
    return files


def compare(server, model, tenant, damaged_day, path):
    """`right`, `partial`, or a problem."""
    whole_day = Checker(server, model, tenant, among=days[1 - damaged_day])
    whole_day.run(ranges=1, spans=1)
    if whole_day.problems or whole_day.partial:
        raise SystemExit(f"{tenant}: the whole day is not served: {whole_day.problems[:3]} {whole_day.partial}")
    checker = Checker(server, model, tenant)
    checker.run(ranges=3, spans=2)
    if not checker.partial:
        if checker.problems:
            raise SystemExit(f"{tenant}: wrong and not said: {checker.problems[:3]}")
        return "right"
    if os.path.basename(path) not in checker.partial:
        raise SystemExit(f"{tenant}: the damaged file is not named: {checker.partial}")
    # From now on the day is gone and the other is there, exactly.
    rest = Checker(server, model, tenant)
    stored = rest.timeline()
    start, end = days[1 - damaged_day]
    wanted = {key for key, p in model.acknowledged.items() if start <= p.time <= end}
    if set(stored) != wanted or [p for p in rest.problems if "answered" in p]:
        raise SystemExit(f"{tenant}: the rest is not served: {rest.problems[:3]}")
    return "partial"


with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as work:
    outcomes = {}
    for kill, count in ((False, options.copies), (True, options.logs)):
        if count == 0:
            continue
        model, data = Model(), f"{work}/data{int(kill)}"
        files = sample(f"{work}/base{int(kill)}", model, kill)
        # The days as parts of time, in milliseconds.
        limits = [int(os.path.basename(path)[:-3]) * 86_400_000 for path in files]
        # A timeline's first point reaches back by a step.
        days = [(limit + 1000, limit + 86_400_000 - 1000) for limit in limits]
        tenants = {}
        for copy in range(count):
            tenant = f"copy{copy}"
            folder = f"{data}/tenants/{tenant}"
            os.makedirs(folder)
            for path in glob.glob(f"{work}/base{int(kill)}/tenants/anonymous/*"):
                if not path.endswith("-shm"):
                    shutil.copy(path, folder)
            day = random.randrange(2)
            path = f"{folder}/{os.path.basename(files[day])}"
            target = path + ("-wal" if kill else "")
            at = random.randrange(os.path.getsize(target))
            flip(target, at)
            tenants[tenant] = (day, path, at)
        server = Server(options.binary, data, "--multitenancy")
        kinds = {}
        for tenant, (day, path, at) in tenants.items():
            try:
                kind = compare(server, model, tenant, day, path)
            except SystemExit as problem:
                raise SystemExit(f"{path}{'-wal' if kill else ''} flipped at {at}: {problem}")
            kinds[kind] = kinds.get(kind, 0) + 1
            if server.process.poll() is not None:
                raise SystemExit(f"the server ended after {tenant}, flipped at {at} of {path}: {''.join(server.log)}")
        # Those that were noticed are counted, named, logged once, and kept.
        ready = server.get("/ready")[1]
        assert ready.count("\ndamaged: ") == kinds.get("partial", 0), ready
        assert f"hearth_store_damaged_partitions {kinds.get('partial', 0)}\n" in server.get("/metrics")[1]
        kept = glob.glob(f"{data}/tenants/*/*.db.damaged")
        assert len(kept) == kinds.get("partial", 0), kept
        assert sum("damaged data" in line for line in server.log) == len(kept)
        # A day begins anew, and a start remembers what is missing; writers may notice what no reader met.
        for tenant in list(tenants)[:5]:
            for profile in random.sample(list(model.acknowledged.values()), 20):
                assert server.push(profile.request(), tenant)[0] == 200
        assert server.end(kill=False) == 0
        kept = glob.glob(f"{data}/tenants/*/*.db.damaged")
        server = Server(options.binary, data, "--multitenancy")
        assert server.get("/ready")[1].count("\ndamaged: ") >= len(kept)
        assert server.end(kill=False) == 0
        outcomes["log" if kill else "file"] = kinds
    print(f"flips: {outcomes}")
