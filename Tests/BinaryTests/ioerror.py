"""Lets syncs fail below a server that is written to: nothing is acknowledged from then on, and /ready says so.

usage: ioerror.py BINARY [--seed N]

It builds failing_sync.c, which the server loads below SQLite; the server itself knows nothing of it.
"""
import os
import random
import subprocess
import tempfile
import threading
import time

from invariants import START, Model, Writer, arguments, fill, verify
from server import Server
from wire import pprof, push

options = arguments(__doc__)
here = os.path.dirname(os.path.abspath(__file__))


def unhealthy(server, what):
    deadline = time.time() + 10
    while server.get("/ready")[0] != 503:
        if time.time() > deadline:
            raise SystemExit(f"{what}: still ready")
        time.sleep(0.02)
    assert "disk failed" in server.get("/ready")[1], server.get("/ready")


def sync_fails_under_writers(work, trigger):
    """After the first failure no profile is acknowledged; what was before is there, now and after a start."""
    data = tempfile.mkdtemp(dir=work)
    server = Server(options.binary, data, environment={**shim, "HEARTH_FAIL_SYNC": trigger})
    model = Model()
    fill(server, model, 20)
    writers = [Writer(server, model, number) for number in range(8)]
    stop = threading.Event()
    threads = [threading.Thread(target=writer.run, args=(stop.is_set,)) for writer in writers]
    for thread in threads:
        thread.start()
    time.sleep(random.uniform(0.05, 0.5))
    open(trigger, "w").close()
    unhealthy(server, trigger)
    # What was acknowledged just before may still be on its way; what is begun from now on must not be.
    with model.lock:
        begun = set(model.attempted)
    deadline = time.time() + 30
    while len(model.attempted) < len(begun) + 16:
        assert time.time() < deadline, "the writers stand still"
        time.sleep(0.02)
    stop.set()
    for thread in threads:
        thread.join(60)
    for number in range(8):
        status, text = Writer(server, model, number).write()
        if status != 503 or "disk failed" not in text:
            raise SystemExit(f"a push after a failed sync was answered with {status}: {text}")
    late = set(model.acknowledged) - begun
    if late:
        raise SystemExit(f"{len(late)} profiles were acknowledged after a failed sync")
    # A day that has no file yet, and documents.
    labels = {"__name__": "process_cpu", "service_name": "other"}
    status, text = server.push(push([(labels, pprof([(["main"], 1, None)], (START - 900_000_000) * 1_000_000), None)]))
    assert status == 503, f"a push to a new day was answered with {status}: {text}"
    status, text, _ = server.post("/settings.v1.SettingsService/Set", b'{"setting":{"name":"a","value":"b"}}',
                                  "application/json")
    assert status == 503, f"a setting was answered with {status}: {text}"
    verify(server, model, "after a failed sync")
    server.end(kill=True)
    if os.path.exists(trigger):
        os.unlink(trigger)
    server = Server(options.binary, data)
    verify(server, model, "after a failed sync and a start")
    fill(server, model, 5)
    verify(server, model, "after a failed sync, a start and pushes")
    assert server.end(kill=False) == 0
    return len(model.acknowledged)


def sync_fails_at_the_first_push(work, variable):
    """The file or the folder of a new day cannot be made durable."""
    data, trigger = tempfile.mkdtemp(dir=work), work + "/first"
    server = Server(options.binary, data, environment={**shim, variable: trigger})
    open(trigger, "w").close()
    model = Model()
    status, text = Writer(server, model, 0).write()
    assert status == 503, f"a first push whose sync fails was answered with {status}: {text}"
    unhealthy(server, variable)
    server.end(kill=True)
    os.unlink(trigger)
    server = Server(options.binary, data)
    verify(server, model, f"after {variable} and a start")
    fill(server, model, 5)
    verify(server, model, f"after {variable}, a start and pushes")
    assert server.end(kill=False) == 0


def document_fails(work):
    """A setting that was not synced is not acknowledged, and profiles are not either after that."""
    trigger = work + "/document"
    server = Server(options.binary, tempfile.mkdtemp(dir=work), environment={**shim, "HEARTH_FAIL_SYNC": trigger})
    model = Model()
    fill(server, model, 5)
    open(trigger, "w").close()
    status, text, _ = server.post("/settings.v1.SettingsService/Set", b'{"setting":{"name":"a","value":"b"}}',
                                  "application/json")
    assert status == 503, f"a setting whose sync fails was answered with {status}: {text}"
    unhealthy(server, "a setting")
    os.unlink(trigger)
    assert Writer(server, model, 0).write()[0] == 503
    verify(server, model, "after a setting that failed")
    server.end(kill=True)


with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as work:
    library = work + "/failing_sync.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library, here + "/failing_sync.c", "-lsqlite3", "-ldl"], check=True)
    shim = {"LD_PRELOAD": library}
    # Each sync fails, and one alone, after which the kernel would call all well.
    counts = [sync_fails_under_writers(work, f"{work}/{name}") for name in ("always", "once")]
    sync_fails_at_the_first_push(work, "HEARTH_FAIL_SYNC")
    sync_fails_at_the_first_push(work, "HEARTH_FAIL_FSYNC")
    document_fails(work)
    print(f"{counts} profiles acknowledged before a sync failed, none after")
