"""Sends the same pushes again and again, at once and after starts: each is stored once.

usage: retries.py BINARY [--times N] [--seed N]
"""
import tempfile
import threading
import time
import uuid

from invariants import CPU, END, START, Model, arguments, totals, verify
from server import Server
from wire import pprof, push

options = arguments(__doc__, times=100)


def storm(server, body, times):
    """Sends a push from many connections at once."""
    statuses = []
    threads = [threading.Thread(target=lambda: statuses.append(server.push(body)[0])) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * times, statuses


def total(server, service):
    graph = server.ask("SelectMergeStacktraces", {
        "profileTypeID": CPU, "labelSelector": f'{{service_name="{service}"}}', "start": START - 1, "end": END})
    return totals(graph.get("flamegraph")).get("total", 0)


def labels(service):
    return {"__name__": "process_cpu", "service_name": service}


with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as data:
    server = Server(options.binary, data)
    model = Model()
    profiles = [model.begin(writer) for writer in (0, 1, 2)]
    for profile in profiles:
        model.acknowledge(profile)
        storm(server, profile.request(), options.times)
    verify(server, model, "a storm")
    # The answer was lost with the server, and is asked for again from the next.
    for kill in (True, False):
        server.end(kill)
        server = Server(options.binary, data)
        for profile in profiles:
            storm(server, profile.request(), 10)
        verify(server, model, "a storm after a start")

    # Without a time of its own, a profile keeps that of its first arrival.
    timeless = pprof([(["main"], 7, None)])
    body = push([(labels("timeless"), timeless, str(uuid.uuid4()))])
    storm(server, body, options.times)
    now = int(time.time() * 1000)
    graph = server.ask("SelectMergeStacktraces", {
        "profileTypeID": CPU, "labelSelector": '{service_name="timeless"}', "start": now - 600_000, "end": now + 600_000})
    assert totals(graph["flamegraph"])["total"] == 7, graph

    # What differs is not a retry: other bytes or labels under the same id, which then stands for nothing any more, and the
    # same bytes without an id.
    at = START * 1_000_000
    one, other = pprof([(["main"], 1, None)], at), pprof([(["main"], 10, None)], at)
    identity = str(uuid.uuid4())
    for profile in (one, one, other, one):
        assert server.push(push([(labels("alike"), profile, identity)]))[0] == 200
    assert total(server, "alike") == 12, total(server, "alike")
    # Several series of one push may share an id.
    both = push([({**labels("shared"), "pod": pod}, one, str(uuid.UUID(int=7))) for pod in "ab"])
    storm(server, both, 10)
    assert total(server, "shared") == 2, total(server, "shared")
    for identity in (None, "", "1", "not-a-uuid"):
        for _ in range(2):
            assert server.push(push([(labels(f"nameless-{identity}"), one, identity)]))[0] == 200
        assert total(server, f"nameless-{identity}") == 2
    assert server.end(kill=False) == 0
print(f"{len(profiles)} pushes sent {options.times + 20} times each are stored once")
