"""Cuts the power at random moments of a recorded run: what was not synced is kept, lost or torn, in any order.

usage: powerloss.py BINARY [--cuts N] [--seconds N] [--seed N]

It builds recording_disk.c, which the server loads; the server itself knows nothing of it. From the record it makes the folder as a
disk might hold it after a cut: files have all that was written before their last sync, and of what came after it any part, in
sectors; folders have all entries of their last sync, and of later changes the first few. What was acknowledged before the
cut must be there.
"""
import os
import random
import shutil
import struct
import subprocess
import tempfile
import threading
import time

from invariants import Model, Writer, arguments, verify
from server import Server

options = arguments(__doc__, cuts=12, seconds=3.0)
here = os.path.dirname(os.path.abspath(__file__))
SECTOR = 512


class TimedModel(Model):
    """Knows when each profile was acknowledged, on the clock of the record."""

    def __init__(self):
        super().__init__()
        self.times = {}

    def acknowledge(self, profile):
        super().acknowledge(profile)
        self.times[profile.key] = time.monotonic_ns()

    def before(self, moment):
        """The model of somebody who saw the power go at a moment."""
        model = Model()
        model.attempted = dict(self.attempted)
        model.acknowledged = {key: self.acknowledged[key] for key, at in self.times.items() if at <= moment}
        return model


class File:
    """What a file holds for certain, and what was done to it since."""

    def __init__(self):
        self.kept, self.pending = bytearray(), []

    def sync(self):
        for operation in self.pending:
            apply(self.kept, operation)
        self.pending = []

    def after_cut(self):
        """The content with any part of what was not synced."""
        content = bytearray(self.kept)
        for operation in self.pending:
            fate = random.random()
            if fate < 0.4:
                apply(content, operation)
            elif fate < 0.7 and operation[0] == "w":
                _, offset, data = operation
                for at in range(0, len(data), SECTOR):
                    if random.random() < 0.5:
                        apply(content, ("w", offset + at, data[at:at + SECTOR]))
        return content


def apply(content, operation):
    kind, offset, data = operation
    if kind == "t":
        del content[offset:]
        content.extend(bytes(offset - len(content)))
        return
    content.extend(bytes(max(0, offset - len(content))))
    content[offset:offset + len(data)] = data


class Disk:
    """The files of a folder as its server sees them, and as they would be after a cut."""

    def __init__(self, root):
        self.root = root
        self.seen, self.kept = {}, {}
        # Changes of each folder's entries since it was synced.
        self.changes = {}

    def change(self, path, node):
        """An entry appears, or with None goes."""
        if node is None:
            self.seen.pop(path, None)
        else:
            self.seen[path] = node
        self.changes.setdefault(os.path.dirname(path), []).append((path, node))

    def take(self, kind, path, offset, data):
        if kind in "cm":
            self.change(path, File() if kind == "c" else "folder")
        elif kind == "u":
            self.change(path, None)
        elif kind == "r":
            node = self.seen[path]
            self.change(path, None)
            self.change(data.decode(), node)
        elif kind in "wt":
            self.seen[path].pending.append((kind, offset, data))
        elif kind == "s" and isinstance(self.seen.get(path), File):
            self.seen[path].sync()
        elif kind == "s":
            for entry in self.changes.pop(path, []):
                self.keep(self.kept, entry)

    @staticmethod
    def keep(entries, change):
        path, node = change
        if node is None:
            entries.pop(path, None)
        else:
            entries[path] = node

    def after_cut(self):
        """The entries, with their contents; None for a folder."""
        entries = dict(self.kept)
        for changes in self.changes.values():
            for change in changes[:random.randint(0, len(changes))]:
                self.keep(entries, change)
        found = {}
        for path, node in sorted(entries.items()):
            # An entry whose folder is not there is nowhere.
            folder = os.path.dirname(path)
            if folder == self.root or folder in found:
                found[path] = node.after_cut() if isinstance(node, File) else None
        return found


def records(path):
    head = struct.Struct("<QIIQQ")
    with open(path, "rb") as trace:
        while header := trace.read(head.size):
            moment, kind, path_length, offset, length = head.unpack(header)
            name = trace.read(path_length).decode()
            kind = chr(kind)
            yield moment, kind, name, offset, trace.read(length) if kind in "wr" else b""


def check(disk, data, model, what):
    """Starts a server on what a cut leaves, and compares."""
    shutil.rmtree(data)
    os.mkdir(data)
    for path, content in disk.after_cut().items():
        # The index of a log is memory that the processes share, and is made anew.
        if path.endswith("-shm"):
            continue
        if content is None:
            os.mkdir(path)
        else:
            with open(path, "wb") as file:
                file.write(content)
    server = Server(options.binary, data)
    stored = verify(server, model, what, ranges=2)
    assert server.end(kill=False) == 0
    return len(stored)


with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as work:
    library, trace, data = work + "/recording_disk.so", work + "/trace", work + "/data"
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library, here + "/recording_disk.c", "-ldl"], check=True)
    os.mkdir(data)
    server = Server(options.binary, data, environment={
        "LD_PRELOAD": library, "HEARTH_RECORD": trace, "HEARTH_RECORD_UNDER": data})
    model, stop = TimedModel(), threading.Event()
    writers = [Writer(server, model, number) for number in range(8)]
    threads = [threading.Thread(target=writer.run, args=(stop.is_set,)) for writer in writers]
    for thread in threads:
        thread.start()
    time.sleep(options.seconds)
    stop.set()
    for thread in threads:
        thread.join(60)
    server.end(kill=True)

    count = sum(1 for _ in records(trace))
    cuts = sorted(random.sample(range(count), options.cuts))
    disk, acknowledged = Disk(data), []
    for index, (moment, *operation) in enumerate(records(trace)):
        disk.take(*operation)
        if index in cuts:
            seen = model.before(moment)
            check(disk, data, seen, f"after a cut at operation {index} of {count}")
            acknowledged.append(len(seen.acknowledged))
    assert acknowledged[-1] > 0, "nothing was acknowledged"
    print(f"{count} operations, {len(cuts)} cuts after {acknowledged[0]} to {acknowledged[-1]} acknowledged profiles")
