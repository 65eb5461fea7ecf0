"""Pushes from eight writers, ends the server at random moments, and compares what is there with what was acknowledged.

usage: crash.py BINARY ROUNDS [--term]
"""
import http.client
import random
import sys
import tempfile
import threading
import time

from server import Server

binary, rounds, kill = sys.argv[1], int(sys.argv[2]), "--term" not in sys.argv
seed = random.randrange(1 << 30)
random.seed(seed)
acknowledged, attempted = set(), set()
lock = threading.Lock()
start = time.time()


def write(server, writer, number):
    host = server.url.removeprefix("http://")
    connection = http.client.HTTPConnection(host, timeout=30)
    index = 0
    while True:
        name = f"r{number}w{writer}n{index}"
        index += 1
        with lock:
            attempted.add(name)
        try:
            connection.request(
                "POST", f"/ingest?name=crash{writer % 3}&sampleRate=0&from={int(time.time())}", f"main;{name} 1\n")
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            return
        if answer.status == 200:
            with lock:
                acknowledged.add(name)
        elif answer.status < 500:
            raise SystemExit(f"unexpected status {answer.status}")
        if answer.getheader("Connection") == "close":
            return


slowest = 0
with tempfile.TemporaryDirectory() as data:
    for number in range(rounds):
        server = Server(binary, data)
        slowest = max(slowest, server.seconds_to_ready)
        writers = [threading.Thread(target=write, args=(server, writer, number)) for writer in range(8)]
        for writer in writers:
            writer.start()
        time.sleep(random.uniform(0.02, 0.6))
        status = server.end(kill)
        for writer in writers:
            writer.join(60)
        if not kill and status != 0:
            raise SystemExit(f"a stop ended with status {status}")
    server = Server(binary, data)
    slowest = max(slowest, server.seconds_to_ready)
    graph = server.ask("SelectMergeStacktraces", {
        "profileTypeID": "process_cpu:samples:count::", "labelSelector": "{}", "maxNodes": 1_000_000,
        "start": int(start * 1000) - 60_000, "end": int(time.time() * 1000) + 60_000})["flamegraph"]
    names, found = graph["names"], {}
    for level in graph["levels"]:
        numbers = [int(value) for value in level["values"]]
        for box in range(0, len(numbers), 4):
            name = names[numbers[box + 3]]
            found[name] = found.get(name, 0) + numbers[box + 2]
    server.end(kill=False)

missing = acknowledged - set(found)
twice = [name for name in found if name in attempted and found[name] != 1]
invented = set(found) - attempted - {"total", "main"}
print(f"seed {seed}: {len(acknowledged)} acknowledged, {len(missing)} missing, {len(twice)} not once, "
      f"{len(invented)} invented, slowest start {slowest:.3f} s")
sys.exit(1 if missing or twice or invented or not acknowledged else 0)
