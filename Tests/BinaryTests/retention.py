"""Lets the built server drop and delete while 64 readers ask, and ends it in the middle; nothing that must stay goes.

usage: retention.py BINARY ROUNDS
"""
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

from server import Server

binary, rounds = sys.argv[1], int(sys.argv[2])
seed = random.randrange(1 << 30)
random.seed(seed)
DAY = 86_400


def post(server, path, body=b""):
    with urllib.request.urlopen(urllib.request.Request(server.url + path, body), timeout=30) as answer:
        return answer.read()


def push(server, name, at, function):
    post(server, f"/ingest?name={name}&sampleRate=0&from={at}", f"main;{function} 1\n".encode())


def names(server, days):
    end = int(time.time() * 1000) + 60_000
    graph = server.ask("SelectMergeStacktraces", {
        "profileTypeID": "process_cpu:samples:count::", "labelSelector": "{}", "maxNodes": 100_000,
        "start": end - days * DAY * 1000, "end": end})["flamegraph"]
    return set(graph.get("names", [])) - {"total", "main"}


kept, errors = set(), []
with tempfile.TemporaryDirectory() as data:
    for number in range(rounds):
        server = Server(binary, data, "--retention", "5d", "--retention-interval", "100ms")
        stop = threading.Event()

        def read():
            while not stop.is_set():
                try:
                    names(server, 30)
                except urllib.error.HTTPError as error:
                    errors.append(f"{error.code} {error.read()!r}")
                except OSError:
                    return

        readers = [threading.Thread(target=read) for _ in range(64 if number == 0 else 8)]
        for reader in readers:
            reader.start()
        now = int(time.time())
        for index in range(10):
            push(server, "young", now - random.randrange(0, 3 * DAY), f"k{number}n{index}")
            kept.add(f"k{number}n{index}")
            push(server, "old", now - random.randrange(7, 12) * DAY, f"o{number}n{index}")
            push(server, "gone", now - random.randrange(0, 3 * DAY), f"g{number}n{index}")
        ending = threading.Timer(random.uniform(0.0, 0.3), lambda: (stop.set(), server.process.kill()))
        ending.start()
        try:
            post(server, "/api/v1/profiles/delete?selector=%7Bservice_name%3D%22gone%22%7D&start=now-30d&end=now")
        except OSError:
            pass
        ending.join()
        for reader in readers:
            reader.join()
        server.end(kill=True)
        check = subprocess.run([binary, "check", data], capture_output=True, text=True)
        if check.returncode != 0:
            raise SystemExit(f"seed {seed}, round {number}: {check.stdout}")
    server = Server(binary, data, "--retention", "5d", "--retention-interval", "100ms")
    post(server, "/api/v1/profiles/delete?selector=%7Bservice_name%3D%22gone%22%7D&start=now-30d&end=now")
    deadline = time.time() + 30
    while names(server, 30) != kept and time.time() < deadline:
        time.sleep(0.1)
    found = names(server, 30)
    folder = f"{data}/tenants/anonymous"
    oldest = min(int(entry.removesuffix(".db")) for entry in os.listdir(folder) if entry.endswith(".db"))
    server.end(kill=False)

if errors or found != kept or oldest < int(time.time()) // DAY - 6:
    raise SystemExit(f"seed {seed}: {errors[:3]}, {len(kept - found)} lost, {len(found - kept)} back, day {oldest}")
print(f"seed {seed}: {len(kept)} kept")
