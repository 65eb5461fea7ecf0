"""Lets the real Python SDK (pyroscope-io) profile this program, and looks for its functions in the answers.

usage: sdk.py BINARY
"""
import sys
import tempfile
import time

import pyroscope

from server import Server


def burn_in_a_named_function(until):
    total = 0
    while time.time() < until:
        total += sum(i * i for i in range(1000))
    return total


with tempfile.TemporaryDirectory() as data:
    server = Server(sys.argv[1], data)
    pyroscope.configure(application_name="sdk-test", server_address=server.url, tags={"region": "test"})
    burn_in_a_named_function(time.time() + 3)
    pyroscope.shutdown()
    window = {"start": int(time.time() * 1000) - 600_000, "end": int(time.time() * 1000) + 600_000}
    deadline = time.time() + 30
    types = []
    while not types and time.time() < deadline:
        types = [t["ID"] for t in server.ask("ProfileTypes", window).get("profileTypes", [])]
        time.sleep(0.2)
    cpu = "process_cpu:cpu:nanoseconds:cpu:nanoseconds"
    assert cpu in types, f"profile types: {types}"
    series = server.ask("Series", {**window, "labelNames": ["service_name", "region"], "matchers": []})
    labels = [{p["name"]: p["value"] for p in s["labels"]} for s in series.get("labelsSet", [])]
    assert {"service_name": "sdk-test", "region": "test"} in labels, f"series: {labels}"
    graph = server.ask("SelectMergeStacktraces", {
        **window, "profileTypeID": cpu, "labelSelector": '{service_name="sdk-test"}'})["flamegraph"]
    assert any("burn_in_a_named_function" in name for name in graph["names"]), f"names: {graph['names']}"
    server.end(kill=False)
print("ok")
