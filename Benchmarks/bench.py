"""Pushes a synthetic fleet to a fresh `hearth serve` over HTTP and prints what it costs, as ratios measured in one run.

Usage: bench.py [--profiles N] [--samples N] [--writers N] path/to/hearth
Only Python's standard library is used; the numbers of the client are not in the server's.
"""

import argparse
import gzip
import http.client
import json
import os
import random
import shutil
import subprocess
import tempfile
import threading
import time

TICKS = os.sysconf("SC_CLK_TCK")


def varint(value):
    out = bytearray()
    while value >= 128:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def field(number, payload):
    return varint(number << 3 | 2) + varint(len(payload)) + payload


def number(number, value):
    return varint(number << 3) + varint(value)


def pprof(samples, seed, when):
    """A CPU profile whose stacks are drawn from a fixed call tree of some 2 000 functions."""
    rng = random.Random(seed)
    strings = ["", "samples", "count", "cpu", "nanoseconds"]
    functions = {}
    body = field(1, number(1, 1) + number(2, 2)) + field(1, number(1, 3) + number(2, 4))
    for _ in range(samples):
        stack, at = [], 1
        for _ in range(rng.randint(10, 40)):
            at = (at * 7 + rng.choice((1, 2, 2, 3, 5))) % 2003
            functions.setdefault(at, len(functions) + 1)
            stack.append(functions[at])
        count = rng.randint(1, 20)
        ids = b"".join(varint(i) for i in reversed(stack))
        body += field(2, field(1, ids) + field(2, varint(count) + varint(count * 10_000_000)))
    for name, i in functions.items():
        strings.append(f"example.com/shop/internal/package{name % 40}.(*Type{name % 90}).Method{name}")
        body += field(4, number(1, i) + field(4, number(1, i) + number(2, name)))
        body += field(5, number(1, i) + number(2, len(strings) - 1) + number(3, len(strings) - 1))
    for text in strings:
        body += field(6, text.encode())
    body += number(9, when) + field(11, number(1, 3) + number(2, 4)) + number(12, 10_000_000)
    return gzip.compress(body, 6, mtime=0), len(body)


def push_body(profile, pod):
    def label(name, value):
        return field(1, field(1, name.encode()) + field(2, value.encode()))

    labels = label("__name__", "process_cpu") + label("service_name", f"service-{pod // 3}") + label("pod", f"pod-{pod}")
    return field(1, labels + field(2, field(1, profile)))


def cpu(pid):
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def rss(pid):
    for line in open(f"/proc/{pid}/status"):
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


def disk(folder):
    return sum(os.path.getsize(os.path.join(at, name)) for at, _, names in os.walk(folder) for name in names)


def fsync_seconds(folder, rounds=50):
    with open(os.path.join(folder, "probe"), "wb") as file:
        start = time.perf_counter()
        for _ in range(rounds):
            file.write(b"x" * 4096)
            file.flush()
            os.fsync(file.fileno())
        return (time.perf_counter() - start) / rounds


def main():
    options = argparse.ArgumentParser()
    options.add_argument("hearth")
    options.add_argument("--profiles", type=int, default=10_000)
    options.add_argument("--samples", type=int, default=250)
    options.add_argument("--writers", type=int, default=8)
    options = options.parse_args()
    folder = tempfile.mkdtemp(prefix="hearth-bench-")
    now = time.time_ns()
    # Distinct profiles are costly to make, so each of 100 is pushed for many pods and times.
    variants = [pprof(options.samples, seed, now - seed * 1_000_000_000) for seed in range(100)]
    start = time.process_time()
    for packed, _ in variants:
        gzip.decompress(packed)
    inflate = (time.process_time() - start) / len(variants)

    server = subprocess.Popen(
        [options.hearth, "serve", "--listen", "127.0.0.1:0", "--data-dir", folder + "/data", "--log-level", "info"],
        stderr=open(folder + "/log", "w"),
    )
    try:
        address = None
        while not address:
            time.sleep(0.05)
            for line in open(folder + "/log"):
                if "msg=listening" in line:
                    address = line.split("address=")[1].split()[0]
        waits, lock, counter = [], threading.Lock(), iter(range(options.profiles))
        before = cpu(server.pid)

        def write():
            connection = http.client.HTTPConnection(address)
            mine = []
            while True:
                with lock:
                    index = next(counter, None)
                if index is None:
                    break
                body = push_body(variants[index % 100][0], index // 100 % 24)
                begin = time.perf_counter()
                connection.request(
                    "POST", "/push.v1.PusherService/Push", body, {"Content-Type": "application/proto"}
                )
                response = connection.getresponse()
                answer = response.read()
                assert response.status == 200, answer
                mine.append(time.perf_counter() - begin)
            with lock:
                waits.extend(mine)

        begin = time.perf_counter()
        writers = [threading.Thread(target=write) for _ in range(options.writers)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        wall = time.perf_counter() - begin
        used = (cpu(server.pid) - before) / options.profiles
        waits.sort()

        def ask(method, **more):
            request = {"profileTypeID": "process_cpu:cpu:nanoseconds:cpu:nanoseconds", "labelSelector": "{}",
                       "start": now // 1_000_000 - 3_600_000, "end": now // 1_000_000 + 60_000, **more}
            times = []
            for _ in range(7):
                connection = http.client.HTTPConnection(address)
                begin = time.perf_counter()
                connection.request("POST", f"/querier.v1.QuerierService/{method}", json.dumps(request),
                                   {"Content-Type": "application/json"})
                response = connection.getresponse()
                response.read()
                assert response.status == 200
                times.append(time.perf_counter() - begin)
            return sorted(times)[3]

        merge = ask("SelectMergeStacktraces", maxNodes=16384)
        one = ask("SelectMergeStacktraces", maxNodes=16384, labelSelector='{pod="pod-1"}')
        series = ask("SelectSeries", step=15, groupBy=["service_name"])
        stored = options.profiles * options.samples
        sync = fsync_seconds(folder)
        memory = rss(server.pid)
        server.terminate()
        server.wait()
        size = disk(folder + "/data")
        print(f"{options.profiles} profiles of {options.samples} samples and two types, {options.writers} writers")
        print(f"a profile: {len(variants[0][0]) / 1024:.1f} KiB gzip, {variants[0][1] / 1024:.1f} KiB plain")
        print(f"ingest: {options.profiles / wall:.0f} profiles/s, {used * 1e3:.2f} ms of CPU a profile"
              f" = {used / inflate:.1f} x zlib inflating it ({inflate * 1e3:.2f} ms)")
        print(f"acknowledged: p50 {waits[len(waits) // 2] * 1e3:.1f} ms, p99 {waits[len(waits) * 99 // 100] * 1e3:.1f} ms;"
              f" one fsync here {sync * 1e3:.2f} ms")
        print(f"on disk: {size / options.profiles / 1024:.2f} KiB a profile,"
              f" {size / stored / 2:.2f} bytes a stored value")
        print(f"merge of all: {merge * 1e3:.0f} ms = {stored / merge / 1e6:.1f} M samples/s; one pod {one * 1e3:.0f} ms;"
              f" timeline by service {series * 1e3:.0f} ms")
        print(f"resident memory afterwards: {memory:.0f} MiB")
    finally:
        server.kill()
        shutil.rmtree(folder, ignore_errors=True)


main()
