"""Calls every method of the querier with grpcio over HTTP/2 and with connectrpc over HTTP/1.1, messages encoded by hand.

usage: rpc.py BINARY
"""
import sys
import tempfile
import time

import grpc
from connectrpc.client import ConnectClientSync
from connectrpc.errors import ConnectError
from connectrpc.method import IdempotencyLevel, MethodInfo, StreamType

from server import Server
from wire import number, pprof, push, text

SERVICE = "querier.v1.QuerierService"
CPU = "process_cpu:cpu:nanoseconds:cpu:nanoseconds"


NOW = int(time.time() * 1000)
RANGE = (NOW - 600_000, NOW + 600_000)


def samples(start, end):
    return text(1, CPU) + text(2, '{service_name="rpc"}') + number(start, RANGE[0]) + number(end, RANGE[1])


def between(start, end):
    return number(start, RANGE[0]) + number(end, RANGE[1])


STEP = b"\x31" + b"\x00\x00\x00\x00\x00\x00\x2e\x40"
MERGE = samples(3, 4)
# Each method with a request and bytes that the answer holds.
METHODS = {
    "ProfileTypes": (between(1, 2), CPU.encode()),
    "LabelNames": (between(2, 3), b"service_name"),
    "LabelValues": (text(1, "service_name") + between(3, 4), b"rpc"),
    "Series": (between(3, 4), b"rpc"),
    "SelectMergeStacktraces": (MERGE, b"rpc_main"),
    "SelectMergeSpanProfile": (samples(4, 5), b"rpc_main"),
    "SelectMergeProfile": (samples(3, 4), b"rpc_main"),
    "SelectSeries": (samples(3, 4) + STEP, b"@"),
    "SelectHeatmap": (samples(3, 4) + b"\x29" + STEP[1:] + number(7, 1), b""),
    "Diff": (text(1, MERGE) + text(2, MERGE), b"rpc_main"),
    "GetProfileStats": (b"", b"\x08\x01"),
    "AnalyzeQuery": (between(2, 3) + text(4, "{}"), b"Store"),
}
PUSH = push([({"__name__": "process_cpu", "service_name": "rpc"}, pprof([(["rpc_main"], 42, None)]), None)])


class Identity:
    """Messages are bytes already."""

    def name(self):
        return "proto"

    def encode(self, message):
        return bytes(message)

    def decode(self, data, message_class):
        return bytes(data)


def over_grpc(address):
    for compression in (grpc.Compression.NoCompression, grpc.Compression.Gzip):
        with grpc.insecure_channel(address, compression=compression) as channel:
            def call(path, request, **more):
                return channel.unary_unary(path, lambda x: x, lambda x: x)(request, timeout=10, **more)

            call("/push.v1.PusherService/Push", PUSH)
            for name, (request, part) in METHODS.items():
                answer = call(f"/{SERVICE}/{name}", request)
                assert part in answer, f"grpc {name}: {answer}"
            for path, code in ((f"/{SERVICE}/Nope", grpc.StatusCode.UNIMPLEMENTED),
                               (f"/{SERVICE}/SelectSeries", grpc.StatusCode.INVALID_ARGUMENT)):
                try:
                    call(path, b"")
                    raise SystemExit(f"grpc {path} did not fail")
                except grpc.RpcError as error:
                    assert error.code() == code, f"grpc {path}: {error}"


def over_connect(url):
    client = ConnectClientSync(url, codec=Identity(), timeout_ms=10_000)

    def call(service, name, request):
        method = MethodInfo(name=name, service_name=service, input=bytes, output=bytes,
                            idempotency_level=IdempotencyLevel.UNKNOWN, stream_type=StreamType.UNARY)
        return client.execute_unary(request=request, method=method)

    call("push.v1.PusherService", "Push", PUSH)
    for name, (request, part) in METHODS.items():
        answer = call(SERVICE, name, request)
        assert part in answer, f"connect {name}: {answer}"
    try:
        call(SERVICE, "SelectSeries", b"")
        raise SystemExit("connect SelectSeries did not fail")
    except ConnectError as error:
        assert "INVALID_ARGUMENT" in str(error.code).upper(), f"connect: {error.code}"


with tempfile.TemporaryDirectory() as data:
    server = Server(sys.argv[1], data)
    try:
        over_grpc(server.url.removeprefix("http://"))
        over_connect(server.url)
    finally:
        server.end(kill=False)
