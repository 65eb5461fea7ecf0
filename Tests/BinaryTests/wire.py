"""Protobuf messages, written by hand."""


def varint(value):
    out = bytearray()
    while value >= 128:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes(out) + bytes([value])


def text(number, content):
    content = content.encode() if isinstance(content, str) else content
    return varint(number << 3 | 2) + varint(len(content)) + content


def number(field, value):
    return varint(field << 3) + varint(value)


def pprof(stacks, time=0, kind=("cpu", "nanoseconds")):
    """A CPU profile; each stack is (names from the root, value, span id or None), the time is in nanoseconds."""
    strings = {"": 0}

    def string(content):
        return strings.setdefault(content, len(strings))

    typed = number(1, string(kind[0])) + number(2, string(kind[1]))
    functions, samples = {}, b""
    for names, value, span in stacks:
        places = b"".join(varint(functions.setdefault(name, len(functions) + 1)) for name in reversed(names))
        label = text(3, number(1, string("span_id")) + number(2, string(span))) if span else b""
        samples += text(2, text(1, places) + text(2, varint(value)) + label)
    tables = b"".join(
        text(4, number(1, i) + text(4, number(1, i))) + text(5, number(1, i) + number(2, string(name)))
        for name, i in functions.items())
    return (
        text(1, typed) + samples + tables + b"".join(text(6, s) for s in strings)
        + (number(9, time) if time else b"") + text(11, typed))


def push(series):
    """A PushRequest; each series is (labels, profile, id)."""
    return b"".join(
        text(1, b"".join(text(1, text(1, n) + text(2, v)) for n, v in labels.items())
             + text(2, text(1, profile) + (text(2, identity) if identity else b"")))
        for labels, profile, identity in series)
