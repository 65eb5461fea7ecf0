"""Changes a file of relabelling rules below a running server, and waits until pushes show it.

usage: rules.py BINARY
"""
import os
import sys
import tempfile
import time
import urllib.request

from server import Server

GOOD = "rules: [{source_labels: [service_name], target_label: stage, replacement: '%s-$1'}]\n"


def stage_of_a_push(server, name):
    """Pushes a profile of a service of its own and returns the label that rules gave it."""
    push = urllib.request.Request(f"{server.url}/ingest?name={name}", b"main 1\n")
    with urllib.request.urlopen(push, timeout=30) as answer:
        assert answer.status == 200
    now = int(time.time() * 1000)
    series = server.ask("Series", {
        "labelNames": ["stage"], "matchers": [f'{{service_name="{name}"}}'], "start": now - 600_000, "end": now + 600_000})
    return series["labelsSet"][0].get("labels", [{}])[0].get("value")


with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "rules.yaml")

    def write(text):
        with open(path + ".new", "w") as file:
            file.write(text)
        os.rename(path + ".new", path)

    def wait_for(stage):
        deadline, number, seen = time.time() + 30, 0, None
        while time.time() < deadline:
            number += 1
            name = f"{stage}{number}"
            seen = stage_of_a_push(server, name)
            if seen == f"{stage}-{name}":
                return
            time.sleep(0.2)
        raise SystemExit(f"{stage} was not taken over: {seen}")

    write(GOOD % "first")
    server = Server(sys.argv[1], os.path.join(folder, "data"), "--relabel-rules", path)
    try:
        assert stage_of_a_push(server, "a") == "first-a"
        write("rules: [{action: nonsense}]\n")
        server.wait_for_log("relabel-rules not taken over")
        assert stage_of_a_push(server, "b") == "first-b"
        write(GOOD % "second")
        wait_for("second")
    finally:
        server.end(kill=False)
print("ok")
