"""Sends what was made to fill memory, many at once, and holds the server's memory to a bound."""
import concurrent.futures
import gzip
import json
import struct
import sys
import tempfile
import urllib.error
import urllib.request
import zlib

from server import Server

MIB = 1 << 20
# What may be decoded at once, and what the server needs beside it: the bodies themselves, their copies, and itself.
BUDGET = 256 * MIB
BOUND = BUDGET + 512 * MIB


def varint(number):
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def field(number, content):
    return varint(number << 3 | 2) + varint(len(content)) + content


def number(field_number, value):
    return varint(field_number << 3) + varint(value)


def zeros(size):
    """Gzip of that many zeros, made without having them."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = bytes(MIB)
    return b"".join(packer.compress(block) for _ in range(size // MIB)) + packer.flush()


def push(pprof):
    label = field(1, field(1, b"__name__") + field(2, b"process_cpu"))
    return field(1, label + field(2, field(1, pprof)))


def otlp(stack_depth, samples, locations=b""):
    """Samples that all share one deep stack."""
    stack = field(1, b"\x00" * stack_depth)
    table = b"".join(field(5, text) for text in (b"", b"cpu", b"nanoseconds")) + field(7, stack) + field(2, b"")
    dictionary = field(2, table)
    sample = field(2, field(4, b"\x01") + field(2, b""))
    profile = field(1, number(1, 1) + number(2, 2)) + sample * samples
    return field(1, field(2, field(2, profile))) + dictionary


def bombs():
    proto = {"Content-Type": "application/proto"}
    zipped = proto | {"Content-Encoding": "gzip"}
    otel = {"Content-Type": "application/x-protobuf"}
    small = zeros(64 * MIB)
    yield "gzip of a GiB as a message", "/push.v1.PusherService/Push", zipped, zeros(1024 * MIB)
    yield "gzip within gzip", "/push.v1.PusherService/Push", zipped, gzip.compress(zeros(1024 * MIB))
    yield "gzip of 64 MiB in a push", "/push.v1.PusherService/Push", proto, push(small)
    lying = small[:-4] + struct.pack("<I", 10)
    yield "gzip that lies about its size", "/push.v1.PusherService/Push", proto, push(lying)
    yield "gzip of many members", "/push.v1.PusherService/Push", proto, push(gzip.compress(bytes(MIB)) * 64)
    yield "gzip on /ingest", "/ingest?name=x&format=pprof", {}, small
    yield "gzip without a format", "/ingest?name=x", {}, small
    yield "gzip in a recording", "/ingest?name=x&format=jfr", {}, small
    yield "a pprof of empty locations", "/ingest?name=x&format=pprof", {}, gzip.compress(b"\x22\x00" * (7 * MIB))
    yield "a pprof of empty samples", "/ingest?name=x&format=pprof", {}, gzip.compress(b"\x12\x00" * (7 * MIB))
    yield "a push of empty series", "/push.v1.PusherService/Push", zipped, gzip.compress(b"\x0a\x00" * (7 * MIB))
    yield "a push of empty samples", "/push.v1.PusherService/Push", zipped, gzip.compress(
        field(1, b"\x12\x00" * (7 * MIB)))
    yield "JSON of numbers", "/push.v1.PusherService/Push", {
        "Content-Type": "application/json", "Content-Encoding": "gzip"}, gzip.compress(
            b'{"x":[' + b"0," * (7 * MIB) + b"0]}")
    yield "JSON of lists", "/v1development/profiles", {"Content-Type": "application/json"}, b"[" * (8 * MIB)
    schema = b'{"$schema":"https://www.speedscope.app/file-format-schema.json","shared":{"frames":[{"name":"a"}]},'
    event = b'{"type":"O","frame":0,"at":%d},'
    nested = b"".join(event % at for at in range(100_000))
    yield "speedscope of events that nest", "/ingest?name=x&format=speedscope", {}, (
        schema + b'"profiles":[{"type":"evented","unit":"none","startValue":0,"endValue":1,"events":['
        + nested[:-1] + b"]}]}")
    yield "text of short lines", "/ingest?name=x", {}, b"\n".join(b"%d 1" % line for line in range(3_000_000))
    yield "text of deep stacks", "/ingest?name=x", {}, b"".join(
        b"%d;" % line + b"a;" * 20_000 + b" 1\n" for line in range(1000))
    yield "a trie of long keys", "/ingest?name=x&format=trie", {}, (
        varint(60_000) + b"a;" * 30_000 + b"\x00" + varint(1_000_000) + b"\x01b\x01\x00" * 1_000_000)
    yield "a tree that promises children", "/ingest?name=x&format=tree", {}, b"\x00\x00" + varint(1 << 60)
    yield "counts beyond 64 bits", "/ingest?name=x&format=groups", {}, b"a 99999999999999999999999\n" * 10
    yield "OTLP: 16 000 samples of a stack of a million", "/v1development/profiles", otel, otlp(1_000_000, 16_000)
    yield "OTLP: a million empty samples", "/v1development/profiles", otel, otlp(1000, 1_000_000)
    yield "OTLP: empty resources", "/v1development/profiles", otel | {"Content-Encoding": "gzip"}, gzip.compress(
        b"\x0a\x00" * (7 * MIB))
    yield "OTLP: gzip of a GiB", "/v1development/profiles", otel | {"Content-Encoding": "gzip"}, zeros(1024 * MIB)


def send(url, bomb):
    name, path, headers, body = bomb
    request = urllib.request.Request(url + path, body, headers)
    try:
        with urllib.request.urlopen(request, timeout=120) as answer:
            return name, answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return name, error.code, error.read()


def peak(process):
    with open(f"/proc/{process.pid}/status") as status:
        for line in status:
            if line.startswith("VmHWM"):
                return int(line.split()[1]) * 1024


with tempfile.TemporaryDirectory() as data:
    server = Server(sys.argv[1], data, "--max-decoded-bytes-in-flight", str(BUDGET))
    all_bombs = list(bombs())
    highest = peak(server.process)
    problems = []
    for bomb in all_bombs:
        name, status, text = send(server.url, bomb)
        before, highest = highest, peak(server.process)
        print(f"{name}: {len(bomb[3])} bytes, {status}, peak {before // MIB} -> {highest // MIB} MiB")
        if status >= 500 and status != 503:
            problems.append(f"{name} was answered with {status}: {text[:200]}")
    # Several of the worst at once: they share one budget.
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        for name, status, text in pool.map(lambda bomb: send(server.url, bomb), all_bombs):
            if status >= 500 and status != 503:
                problems.append(f"{name}, among others, was answered with {status}: {text[:200]}")
    highest = peak(server.process)
    print(f"all at once: peak {highest // MIB} MiB")
    if highest > BOUND:
        problems.append(f"the server took {highest // MIB} MiB; the bound is {BOUND // MIB}")
    good = send(server.url, ("good", "/ingest?name=good&format=folded", {}, b"main;work 3\n"))
    if good[1] != 200:
        problems.append(f"a good profile was answered with {good[1]}: {good[2]}")
    if server.end(kill=False) != 0:
        problems.append("the server did not end well")
    print("\n".join(problems))
    sys.exit(bool(problems))
