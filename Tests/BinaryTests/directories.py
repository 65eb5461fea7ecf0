"""Backs up, checks, restores and compacts a directory with the built program, while the server runs and after it.

usage: directories.py BINARY
"""
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

from server import Server

binary = sys.argv[1]


def run(*arguments, status=0):
    result = subprocess.run([binary, *arguments], capture_output=True, text=True, timeout=120)
    if result.returncode != status:
        raise SystemExit(f"{arguments} ended with {result.returncode}: {result.stdout}{result.stderr}")
    return result.stdout + result.stderr


def post(server, path, body):
    with urllib.request.urlopen(urllib.request.Request(server.url + path, body), timeout=30) as answer:
        return answer.read()


def push(server, name):
    post(server, f"/ingest?name=shop&sampleRate=0&from={int(time.time())}", f"main;{name} 1\n".encode())


def names(server):
    end = int(time.time() * 1000) + 60_000
    graph = server.ask("SelectMergeStacktraces", {
        "profileTypeID": "process_cpu:samples:count::", "labelSelector": "{}", "maxNodes": 100_000,
        "start": end - 7_200_000, "end": end})["flamegraph"]
    return set(graph["names"]) - {"total", "main"}


with tempfile.TemporaryDirectory() as work:
    data, copy, again = f"{work}/data", f"{work}/copy", f"{work}/again"
    server = Server(binary, data)
    acknowledged, stop = [], threading.Event()

    def write():
        while not stop.is_set():
            name = f"n{len(acknowledged)}"
            push(server, name)
            acknowledged.append(name)

    writer = threading.Thread(target=write)
    writer.start()
    while len(acknowledged) < 50:
        time.sleep(0.01)
    before = set(acknowledged)
    run("backup", data, copy)
    assert "0 problems" in run("check", data), "a directory in use"
    assert "in use by another process" in run("compact", data, status=1)
    assert "not an empty directory" in run("backup", data, copy, status=1)
    stop.set()
    writer.join()
    counted = json.loads(post(server, "/api/v1/profiles/delete", json.dumps(
        {"selector": '{service_name="shop"}', "start": "now-1h", "end": "now", "dryRun": True}).encode()))
    assert counted["profiles"] == len(acknowledged), counted
    assert names(server) == set(acknowledged)
    # Without warning, so that what is committed lies in the log.
    server.end(kill=True)
    assert "0 problems" in run("check", data), "after a kill"
    assert run("check", data) == run("check", data), "a check changes nothing"
    run("restore", copy, again)
    assert "0 problems" in run("check", again), "a restored directory"
    assert "bytes before" in run("compact", data)
    assert "0 problems" in run("check", data), "after a compaction"
    for directory, least in [(data, set(acknowledged)), (again, before)]:
        server = Server(binary, directory)
        assert least <= names(server) <= set(acknowledged), directory
        server.end(kill=False)
    folder = f"{data}/tenants/anonymous"
    name = next(entry for entry in os.listdir(folder) if entry.endswith(".db"))
    with open(f"{folder}/{name}", "r+b") as file:
        file.seek(os.path.getsize(file.name) // 2)
        file.write(os.urandom(4096))
    output = run("check", data, status=1)
    assert f"{folder}/{name}: " in output, output
    print(f"{len(acknowledged)} profiles, {len(before)} before the backup")
