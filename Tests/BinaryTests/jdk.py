"""Records a Java program with the JDK's own Flight Recorder, pushes the recording, and compares the server's answers with what
the JDK's `jfr print` reads in it.

usage: jdk.py BINARY
"""
import collections
import gzip
import json
import os
import re
import struct
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

from server import Server

HERE = os.path.dirname(os.path.abspath(__file__))
DEPTH = 400
# The events that the server makes profiles of, and settings that let all of them happen.
EVENTS = {
    "jdk.ExecutionSample": {"period": "10 ms"},
    "jdk.ObjectAllocationInNewTLAB": {"stackTrace": "true"},
    "jdk.ObjectAllocationOutsideTLAB": {"stackTrace": "true"},
    "jdk.ObjectAllocationSample": {"throttle": "200/s", "stackTrace": "true"},
    "jdk.JavaMonitorEnter": {"threshold": "0 ms", "stackTrace": "true"},
    "jdk.ThreadPark": {"threshold": "0 ms", "stackTrace": "true"},
}
# Others, which must be stepped over.
OTHERS = {"jdk.GCHeapSummary": {}, "jdk.ThreadSleep": {"threshold": "0 ms", "stackTrace": "true"}, "jdk.CPULoad": {"period": "1 s"},
          "jdk.ThreadStart": {}, "jdk.ClassLoad": {"threshold": "0 ms", "stackTrace": "true"},
          "jdk.GarbageCollection": {}, "jdk.ActiveSetting": {}, "jdk.NativeMethodSample": {"period": "20 ms"}}


def record(folder):
    settings = os.path.join(folder, "all.jfc")
    with open(settings, "w") as file:
        file.write('<?xml version="1.0" encoding="UTF-8"?><configuration version="2.0">')
        for name, event in {**EVENTS, **OTHERS}.items():
            file.write(f'<event name="{name}">')
            for setting, value in {"enabled": "true", **event}.items():
                file.write(f'<setting name="{setting}">{value}</setting>')
            file.write("</event>")
        file.write("</configuration>")
    recording = os.path.join(folder, "workload.jfr")
    subprocess.run(["javac", "-d", folder, os.path.join(HERE, "Workload.java")], check=True)
    subprocess.run(
        ["java", f"-XX:StartFlightRecording=filename={recording},settings={settings}",
         f"-XX:FlightRecorderOptions=stackdepth={DEPTH}", "-Xmx256m", "-cp", folder, "Workload",
         "6000"], check=True, stdout=subprocess.DEVNULL, timeout=120)
    return recording


def read_by_the_jdk(recording):
    """All events that have a stack, as the JDK's tool prints them."""
    out = subprocess.run(
        ["jfr", "print", "--json", "--stack-depth", "3000", "--events", ",".join(EVENTS), recording],
        check=True, stdout=subprocess.PIPE, timeout=300).stdout
    return json.loads(out)["recording"]["events"]


def counted_by_the_jdk(recording):
    out = subprocess.run(["jfr", "summary", recording], check=True, stdout=subprocess.PIPE, text=True).stdout
    chunks = int(re.search(r"Chunks: (\d+)", out)[1])
    return chunks, {line.split()[0]: int(line.split()[1]) for line in out.splitlines() if re.match(r"\s*jdk\.", line)}


def ticks_per_nanosecond(recording):
    with open(recording, "rb") as file:
        return struct.unpack(">q", file.read(64)[56:])[0] / 1e9


def nanoseconds(duration):
    found = re.fullmatch(r"PT(?:(\d+)M)?(?:(\d+)(?:\.(\d+))?S)?", duration)
    return (int(found[1] or 0) * 60 + int(found[2] or 0)) * 10**9 + int((found[3] or "").ljust(9, "0"))


def named(function):
    """Dots and slashes alike, and classes that the JVM made up without what it numbers them by."""
    return re.sub(r"(\$\$Lambda|LambdaForm\$\w+).*\.", r"\1.", function.replace("/", "."))


def stack_of(event):
    """The leaf comes first."""
    return [named(f'{f["method"]["type"]["name"]}.{f["method"]["name"]}')
            for f in event["values"]["stackTrace"]["frames"]]


def expected(events, ticks):
    """For each profile type its total of every function, in which no function counts twice for a sample; and the total of the events
    that the JDK prints without a stack.

    While it changes chunks, the JVM may write an event into the next chunk and its stack only into the one before. The JDK's tool
    then has the stack only by chance, the server always."""
    totals, stackless = collections.defaultdict(collections.Counter), collections.Counter()

    def add(profile_type, event, value):
        # A stack without frames has no place in a flame graph.
        if not event["values"].get("stackTrace") or not stack_of(event):
            stackless[profile_type] += value
            return
        totals[profile_type]["total"] += value
        for function in set(stack_of(event)):
            totals[profile_type][function] += value

    for event in events:
        values = event["values"]
        space = "memory:alloc_{}:space:bytes"
        match event["type"]:
            case "jdk.ExecutionSample":
                if values["state"] != "STATE_SLEEPING":
                    add("process_cpu:cpu:nanoseconds:cpu:nanoseconds", event, 10_000_000)
            case "jdk.ObjectAllocationInNewTLAB":
                add(space.format("in_new_tlab_objects:count"), event, 1)
                add(space.format("in_new_tlab_bytes:bytes"), event, values["tlabSize"])
            case "jdk.ObjectAllocationOutsideTLAB":
                add(space.format("outside_tlab_objects:count"), event, 1)
                add(space.format("outside_tlab_bytes:bytes"), event, values["allocationSize"])
            case "jdk.ObjectAllocationSample":
                add(space.format("sample_objects:count"), event, 1)
                add(space.format("sample_bytes:bytes"), event, values["weight"])
            case "jdk.JavaMonitorEnter":
                add("mutex:contentions:count:mutex:count", event, 1)
                add("mutex:delay:nanoseconds:mutex:count", event, nanoseconds(values["duration"]) * ticks)
            case "jdk.ThreadPark":
                add("block:contentions:count:block:count", event, 1)
                add("block:delay:nanoseconds:block:count", event, nanoseconds(values["duration"]) * ticks)
    return totals, stackless


def push(server, name, body, content_type):
    now = int(time.time())
    request = urllib.request.Request(
        f"{server.url}/ingest?name={urllib.parse.quote(name)}&format=jfr&spyName=javaspy&sampleRate=100&from={now - 10}&until={now}", body,
        {"Content-Type": content_type})
    try:
        with urllib.request.urlopen(request, timeout=120) as answer:
            assert answer.status == 200
    except urllib.error.HTTPError as error:
        raise SystemExit(f"{name}: {error.code} {error.read()}")


def varint(value):
    out = bytearray()
    while value >= 128:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes(out) + bytes([value])


def labels_snapshot():
    """A context 1 with the label region=eu, which no event of a plain JDK names."""
    def text(number, content):
        return varint(number << 3 | 2) + varint(len(content)) + content

    def entry(number, key, value):
        return text(number, varint(8) + varint(key) + value)

    context = entry(1, 1, varint(16) + varint(2))
    return entry(1, 1, text(2, context)) + entry(2, 1, text(2, b"region")) + entry(2, 2, text(2, b"eu"))


def form(parts):
    boundary = b"a-boundary-of-the-test"
    body = b"".join(
        b"--" + boundary + b'\r\nContent-Disposition: form-data; name="' + name + b'"; filename="' + name
        + b'"\r\n\r\n' + gzip.compress(content) + b"\r\n" for name, content in parts)
    return body + b"--" + boundary + b"--\r\n", f"multipart/form-data; boundary={boundary.decode()}"


def answered(server, name, profile_type):
    """The total of every function, in which no function counts twice for a stack."""
    now = int(time.time() * 1000)
    graph = server.ask("SelectMergeStacktraces", {
        "profileTypeID": profile_type, "labelSelector": f'{{service_name="{name}"}}', "start": now - 3_600_000,
        "end": now + 60_000, "maxNodes": 1_000_000}).get("flamegraph", {})
    names, totals, above = [named(n) for n in graph.get("names", [])], collections.Counter(), []
    for level in graph.get("levels", []):
        numbers, here, start = [int(value) for value in level["values"]], [], 0
        for box in range(0, len(numbers), 4):
            offset, total, function = numbers[box], numbers[box + 1], names[numbers[box + 3]]
            start += offset
            parents = next((seen for first, last, seen in above if first <= start < last), frozenset())
            if function not in parents:
                totals[function] += total
            here.append((start, start + total, parents | {function}))
            start += total
        above = here
    return totals


with tempfile.TemporaryDirectory() as folder:
    recording = record(folder)
    chunks, counts = counted_by_the_jdk(recording)
    events = read_by_the_jdk(recording)
    assert chunks > 1, f"the recording has {chunks} chunk"
    for name in EVENTS:
        assert counts[name] == sum(event["type"] == name for event in events) > 0, f"{name}: {counts[name]}"
    ticks = ticks_per_nanosecond(recording)
    wanted, stackless = expected(events, ticks)
    deepest = max(len(event["values"]["stackTrace"]["frames"]) for event in events if event["values"]["stackTrace"])
    assert deepest > 300, f"the deepest stack has {deepest} frames"
    with open(recording, "rb") as file:
        content = file.read()
    server = Server(sys.argv[1], os.path.join(folder, "data"))
    try:
        push(server, "plain", content, "application/octet-stream")
        push(server, "form", *form([(b"jfr", content), (b"labels", labels_snapshot())]))
        for name in ("plain", "form"):
            for profile_type, functions in wanted.items():
                found = answered(server, name, profile_type)
                # A duration is printed in whole nanoseconds and recorded in ticks, so each event may be off by some.
                slack = (len(events) * (ticks + 1)) if ":delay:" in profile_type else 0
                for function in set(functions) | set(found):
                    most = functions[function] + stackless[profile_type] + slack
                    assert functions[function] - slack <= found[function] <= most, (
                        f"{name} {profile_type} {function}: the JDK says {functions[function]}, "
                        f"and {stackless[profile_type]} without a stack, the server {found[function]}")
            now = int(time.time() * 1000)
            types = {t["ID"] for t in server.ask("ProfileTypes", {"start": now - 3_600_000, "end": now})["profileTypes"]}
            assert types == set(wanted), f"{types} are not {set(wanted)}"
        # The service that a client names is kept, and the application then has a label of its own.
        push(server, "app{service_name=named,region=eu}", content, "application/octet-stream")
        series = server.ask("Series", {
            "matchers": ['{service_name="named",__name__="process_cpu"}'], "start": now - 3_600_000, "end": now + 60_000})
        labels = {label["name"]: label["value"] for label in series["labelsSet"][0]["labels"]}
        assert {name: value for name, value in labels.items() if not name.startswith("__")} == {
            "service_name": "named", "app_name": "app", "region": "eu", "pyroscope_spy": "javaspy"}, labels
    finally:
        server.end(kill=False)
    for profile_type, method in (
            ("process_cpu:cpu:nanoseconds:cpu:nanoseconds", "burnInANamedMethod"),
            ("process_cpu:cpu:nanoseconds:cpu:nanoseconds", "burnDeepInTheStack"),
            ("memory:alloc_in_new_tlab_bytes:bytes:space:bytes", "allocateInANamedMethod"),
            ("memory:alloc_outside_tlab_bytes:bytes:space:bytes", "allocateInANamedMethod"),
            ("memory:alloc_sample_bytes:bytes:space:bytes", "allocateInANamedMethod"),
            ("mutex:contentions:count:mutex:count", "contendInANamedMethod"),
            ("block:contentions:count:block:count", "parkInANamedMethod")):
        assert wanted[profile_type][f"Workload.{method}"] > 0, f"{method} is not in {profile_type}"
    print(f"ok: {len(events)} events in {chunks} chunks of {len(content)} bytes, {deepest} frames deep, "
          f"{ticks} ticks a nanosecond; {dict(collections.Counter(event['type'] for event in events))}")
