"""Turns a file of schema 2 into what the program of schema 1 would have written for the same profiles."""
import os
import sqlite3

from wire import varint

MASK = (1 << 64) - 1


def checksum(content):
    """As in Sources/SQLiteStore/BlobCoding.swift."""
    def fold(value):
        product = (value & MASK) * 0xA0761D6478BD642F
        return product >> 64 ^ product & MASK

    value = 0x9E3779B97F4A7C15 ^ len(content)
    whole = len(content) // 8 * 8
    for at in range(0, whole, 8):
        value = fold(value ^ int.from_bytes(content[at:at + 8], "little"))
    value = fold(value ^ int.from_bytes(content[whole:], "big"))
    return (value ^ value >> 32) & 0xFFFFFFFF


def sealed(content):
    return content + checksum(content).to_bytes(4, "little")


def unscaled(blob):
    """Samples without the common divisor, which came with schema 2."""
    content, at = blob[:-4], 0
    assert sealed(content) == blob

    def number():
        nonlocal at
        value = shift = 0
        while True:
            byte = content[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    flags, count = number(), number()
    if not flags & 4:
        return blob
    divisor = number()
    stacks = b"".join(varint(number()) for _ in range(count))
    values = b"".join(varint(number() * divisor) for _ in range(count))
    return sealed(varint(flags & ~4) + varint(count) + stacks + values + content[at:])


def rewrite(path, filler):
    """Replaces the file; `filler` rows of a series of another type are added, so that the change takes its time."""
    old = sqlite3.connect(path + ".old")
    old.executescript(
        """
        PRAGMA journal_mode=WAL;
        CREATE TABLE series (id INTEGER PRIMARY KEY, labels BLOB NOT NULL UNIQUE) STRICT;
        CREATE TABLE services (id INTEGER PRIMARY KEY, name BLOB NOT NULL UNIQUE) STRICT;
        CREATE TABLE symbols (
            service INTEGER NOT NULL, sequence INTEGER NOT NULL, chunk BLOB NOT NULL,
            PRIMARY KEY (service, sequence)) STRICT, WITHOUT ROWID;
        CREATE TABLE profiles (
            series INTEGER NOT NULL, time INTEGER NOT NULL, id BLOB NOT NULL, service INTEGER NOT NULL,
            total INTEGER NOT NULL, samples BLOB NOT NULL) STRICT;
        CREATE UNIQUE INDEX profiles_by_series ON profiles (series, time, id);
        PRAGMA user_version = 1;
        """)
    new = sqlite3.connect(path)
    service = dict(new.execute("SELECT id, service FROM series"))
    old.executemany("INSERT INTO series VALUES (?, ?)", new.execute("SELECT id, labels FROM series"))
    old.executemany("INSERT INTO services VALUES (?, ?)", new.execute("SELECT id, name FROM services"))
    old.executemany("INSERT INTO symbols VALUES (?, ?, ?)", new.execute("SELECT service, sequence, chunk FROM symbols"))
    rows = [(series, time, identity, service[series], total, unscaled(samples)) for series, time, identity, total, samples
            in new.execute("SELECT series, time, id, total, samples FROM profiles")]
    new.close()
    old.executemany("INSERT INTO profiles VALUES (?, ?, ?, ?, ?, ?)", rows)
    labels = {"__profile_type__": "filler:filler:count::", "service_name": "filler"}
    blob = sealed(b"".join(varint(len(t)) + t.encode() for pair in sorted(labels.items()) for t in pair))
    old.execute("INSERT INTO series VALUES (1000, ?)", (blob,))
    # It shares the symbols of the others, as far as anyone asks.
    old.executemany(
        "INSERT INTO profiles VALUES (1000, ?, ?, ?, ?, ?)",
        ((rows[0][1] + i, i.to_bytes(16, "big"), rows[0][3], rows[0][4], rows[0][5]) for i in range(filler)))
    old.commit()
    old.close()
    for suffix in ("", "-wal", "-shm"):
        if os.path.exists(path + suffix):
            os.unlink(path + suffix)
    os.rename(path + ".old", path)
