"""Asks the built server what it keeps: by age of a tenant and of a type, below max-disk, and when the clock has jumped.

usage: keeping.py BINARY
"""
import json
import re
import sys
import tempfile
import time
import urllib.error
import urllib.request

from server import Server

binary = sys.argv[1]
DAY = 86_400
QUICK = ["--retention-interval", "100ms", "--multitenancy"]


def call(server, path, body=None, tenant="a"):
    request = urllib.request.Request(server.url + path, body, {"X-Scope-OrgID": tenant})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.read().decode()


def push(server, tenant, days, text="main;f 1\n", name="shop.cpu"):
    at = int(time.time() - days * DAY)
    call(server, f"/ingest?name={name}&sampleRate=0&from={at}", text.encode(), tenant)


def profiles(server, tenant):
    counted = call(server, "/api/v1/profiles/delete", json.dumps(
        {"selector": "{}", "start": "now-300d", "end": "now", "dryRun": True}).encode(), tenant)
    return json.loads(counted)["profiles"]


def until(server, tenant, expected):
    deadline = time.time() + 30
    while (found := profiles(server, tenant)) != expected:
        if time.time() > deadline:
            raise SystemExit(f"tenant {tenant} has {found} profiles, expected {expected}")
        time.sleep(0.05)


def metric(server, name):
    found = re.search(rf"^{re.escape(name)} (\S+)$", call(server, "/metrics"), re.M)
    return float(found[1]) if found else None


with tempfile.TemporaryDirectory() as work:
    data, limits = f"{work}/data", f"{work}/limits.yaml"
    with open(limits, "w") as file:
        file.write("b:\n  retention: 60d\n  retention-by-type: memory=3d\n")
    flags = QUICK + ["--retention", "10d", "--tenant-limits", limits]
    server = Server(binary, data, *flags)
    for tenant in ["a", "b"]:
        for days in [1, 5, 20, 100]:
            push(server, tenant, days)
            push(server, tenant, days, name="shop.inuse_space")
    until(server, "a", 4)
    until(server, "b", 4)
    assert metric(server, 'hearth_retention_deleted_bytes_total{reason="age"}') > 0
    assert metric(server, 'hearth_retention_deleted_profiles_total{reason="type"}') == 2
    assert metric(server, 'hearth_store_bytes{kind="database"}') > 0
    server.end(kill=False)

    # As if the wall clock were forty days further than it was when the server stopped.
    with open(f"{data}/clock", "w") as file:
        file.write(f"{int((time.time() - 40 * DAY) * 1e9)} 0 0\n")
    flags = QUICK + ["--retention", "2d"]
    server = Server(binary, data, *flags)
    deadline = time.time() + 30
    while metric(server, "hearth_retention_clock_held") != 1 and time.time() < deadline:
        time.sleep(0.05)
    time.sleep(0.5)
    assert metric(server, "hearth_retention_clock_held") == 1
    assert profiles(server, "a") == 4
    server.end(kill=False)
    server = Server(binary, data, *flags, "--clock-hold", "0")
    until(server, "a", 2)
    server.end(kill=False)

    server = Server(binary, f"{work}/small", *QUICK, "--max-disk", "3MiB")
    refused, text = None, ""
    for index in range(2000):
        frames = ";".join(f"function number {index} {frame}" for frame in range(800))
        try:
            push(server, "a", max(3 - index // 3, 0), frames + " 1\n")
        except urllib.error.HTTPError as error:
            refused, text = error.code, error.read().decode()
            break
    assert refused == 503 and "max-disk" in text, (refused, text)
    assert metric(server, 'hearth_retention_deleted_bytes_total{reason="max_disk"}') > 0
    assert metric(server, "hearth_store_full") == 1
    call(server, "/api/v1/profiles/delete?selector=%7B%7D&start=now-1h&end=now%2B1h", b"")
    push(server, "a", 0)
    server.end(kill=False)
