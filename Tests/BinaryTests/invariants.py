"""What every fault must leave true, for all scripts of this folder that break something.

Each profile has a writer and a number, from which all that is in it follows: its time, its value, a function of its own and
a span of its own. A model keeps which of them were attempted and which acknowledged, and a checker compares it with what the
server answers: all that was acknowledged is there, nothing that was not attempted, and everything once with its exact value;
in the timeline, the flame graph, the spans, the merged pprof and the labels.
"""
import argparse
import contextlib
import http.client
import random
import sqlite3
import threading
import time
import uuid

from wire import pprof, push

CPU = "process_cpu:cpu:nanoseconds:cpu:nanoseconds"
SERVICE = "faults"
DAY = 86_400_000
# The first profiles lie shortly before a midnight, so that two files are written; all buckets of rollups are over.
START = (int(time.time()) // 86_400 - 2) * DAY - 600_000
END = START + 3 * DAY


def arguments(description, **defaults):
    """Reads BINARY, --seed and the numbers in `defaults`, seeds the generator and says how to repeat the run."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("binary")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 30))
    for name, default in defaults.items():
        if isinstance(default, bool):
            parser.add_argument(f"--{name}", action="store_true")
        else:
            parser.add_argument(f"--{name}", type=type(default), default=default)
    options = parser.parse_args()
    random.seed(options.seed)
    print(f"seed {options.seed}", flush=True)
    return options


class Profile:
    """The profile of a writer and a number."""

    def __init__(self, writer, number):
        self.writer, self.number = writer, number
        self.key = (writer, number)
        self.time = START + number * 1000 + 7 * writer
        self.value = writer * 1_000_000 + number + 1
        self.name = f"w{writer}n{number}"
        self.span = f"{(writer + 1) << 40 | number:016x}"

    def pprof(self):
        # One nanosecond belongs to the span, the rest to none.
        stacks = [(["main", self.name, "leaf"], 1, self.span)]
        if self.value > 1:
            stacks.append((["main", self.name], self.value - 1, None))
        return pprof(stacks, self.time * 1_000_000)

    def request(self):
        """A push with an id that is the same each time."""
        labels = {"__name__": "process_cpu", "service_name": SERVICE, "writer": f"{self.writer}"}
        return push([(labels, self.pprof(), str(uuid.UUID(int=self.writer << 64 | self.number)))])


class Model:
    """What was attempted and what was acknowledged."""

    def __init__(self):
        self.lock = threading.Lock()
        self.attempted, self.acknowledged = {}, {}
        self.next = {}

    def begin(self, writer):
        """The next profile of a writer, attempted."""
        with self.lock:
            number = self.next.get(writer, 0)
            self.next[writer] = number + 1
            profile = Profile(writer, number)
            self.attempted[profile.key] = profile
            return profile

    def acknowledge(self, profile):
        with self.lock:
            self.acknowledged[profile.key] = profile

    def totals(self):
        """The sums of what was acknowledged and of what was attempted."""
        with self.lock:
            return tuple(sum(p.value for p in part.values()) for part in (self.acknowledged, self.attempted))


class Writer:
    """Pushes the profiles of one writer, most of them by Push and every fourth by /ingest, over one connection."""

    def __init__(self, server, model, number):
        self.model, self.number, self.server = model, number, server
        self.connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=60)
        self.pending = None

    def write(self, profile=None):
        """Sends one profile; its status, or None where the connection broke, and the answer's text."""
        profile = profile or self.model.begin(self.number)
        self.pending = profile
        if profile.number % 4 == 3:
            path = (f"/ingest?name={SERVICE}%7Bwriter%3D{profile.writer}%7D&format=pprof"
                    f"&from={profile.time}&until={profile.time}")
            body, kind = profile.pprof(), "application/octet-stream"
        else:
            path, body, kind = "/push.v1.PusherService/Push", profile.request(), "application/proto"
        try:
            self.connection.request("POST", path, body, {"Content-Type": kind})
            answer = self.connection.getresponse()
            text = answer.read().decode()
        except (OSError, http.client.HTTPException):
            return None, ""
        self.pending = None
        if answer.status == 200:
            self.model.acknowledge(profile)
        if answer.getheader("Connection") == "close":
            self.connection.close()
        return answer.status, text

    def run(self, until=lambda: False):
        """Writes until the server is gone or `until` says so."""
        while not until():
            status, text = self.write()
            if status is None:
                return
            if status != 200 and status < 500:
                raise SystemExit(f"unexpected status {status}: {text}")


def fill(server, model, count, writers=8):
    """Stores some profiles of each writer."""
    def some(number):
        writer = Writer(server, model, number)
        for _ in range(count):
            status, text = writer.write()
            assert status == 200, f"{status} {text}"

    threads = [threading.Thread(target=some, args=(number,)) for number in range(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


class Checker:
    """Compares a server's answers with a model; `problems` has what does not fit."""

    def __init__(self, server, model, tenant=None, among=None):
        self.server, self.tenant = server, tenant
        # `among` limits the question to a part of time, in milliseconds.
        self.start, self.end = among or (START - 60_000, END)
        inside = lambda part: {k: p for k, p in part.items() if self.start <= p.time <= self.end}
        with model.lock:
            self.attempted, self.acknowledged = inside(model.attempted), inside(model.acknowledged)
        self.problems = []
        # What a damaged partition left out, by the header of any answer.
        self.partial = None

    def ask(self, method, request):
        status, answer, headers = self.server.call(method, request, self.tenant)
        self.partial = headers.get("Hearth-Partial") or self.partial
        if status != 200:
            self.problems.append(f"{method} was answered with {status}: {answer}")
            return {}
        return answer

    def samples(self, start=None, end=None, writer=None):
        selector = f'service_name="{SERVICE}"' + (f',writer="{writer}"' if writer is not None else "")
        return {"profileTypeID": CPU, "labelSelector": "{" + selector + "}", "maxNodes": 1_000_000,
                "start": self.start if start is None else start, "end": self.end if end is None else end}

    def expect(self, condition, text):
        if not condition:
            self.problems.append(text)

    def graph(self, **where):
        """The totals of all names of a flame graph."""
        return totals(self.ask("SelectMergeStacktraces", self.samples(**where)).get("flamegraph"))

    def timeline(self):
        """What the timeline has, by writer and number; points that are no profile's are problems."""
        answer = self.ask("SelectSeries", {**self.samples(), "step": 0.001, "groupBy": ["writer"]})
        found = {}
        for line in answer.get("series", []):
            writer = int(next(l["value"] for l in line["labels"] if l["name"] == "writer"))
            for point in line["points"]:
                key = (writer, (int(point["timestamp"]) - START - 7 * writer) // 1000)
                profile = self.attempted.get(key)
                if not profile or profile.time != int(point["timestamp"]) or profile.value != point["value"]:
                    self.problems.append(f"the timeline has a point that nobody pushed: {writer} {point}")
                else:
                    found[key] = profile
        return found

    def run(self, ranges=6, spans=6):
        """All comparisons; the profiles that are there."""
        stored = self.timeline()
        missing = set(self.acknowledged) - set(stored)
        self.expect(not missing, f"{len(missing)} acknowledged are missing, as {sorted(missing)[:3]}")
        graph = self.graph()
        self.expect(
            {n: v for n, v in graph.items() if n not in ("total", "main", "leaf")}
            == {p.name: p.value for p in stored.values()}, "the flame graph and the timeline differ")
        self.expect(
            graph.get("leaf", 0) == len(stored) and graph.get("total", 0) == sum(p.value for p in stored.values()),
            "the totals of the flame graph are wrong")
        self.check_ranges(stored, ranges)
        self.check_spans(stored, spans)
        self.check_labels(stored)
        profile = self.ask("SelectMergeProfile", self.samples())
        self.expect(
            sum(int(s["value"][0]) for s in profile.get("sample", [])) == sum(p.value for p in stored.values()),
            "the merged pprof has another total")
        return stored

    def check_ranges(self, stored, count):
        """Parts of time, in which rollups and single profiles meet."""
        if not stored:
            return
        times = sorted(p.time for p in stored.values())
        for _ in range(count):
            start, end = sorted(random.randint(times[0] - 1, times[-1] + 1) for _ in range(2))
            writer = random.choice([None, random.choice(list(stored.values())).writer])
            wanted = {p.name: p.value for p in stored.values()
                      if start <= p.time <= end and writer in (None, p.writer)}
            graph = self.graph(start=start, end=end, writer=writer)
            self.expect({n: v for n, v in graph.items() if n not in ("total", "main", "leaf")} == wanted,
                        f"the flame graph from {start} to {end} of writer {writer} is wrong")

    def check_spans(self, stored, count):
        """One sample of each profile is of a span of its own."""
        for profile in random.sample(list(stored.values()), min(count, len(stored))):
            answer = self.ask("SelectMergeSpanProfile", {**self.samples(), "spanSelector": [profile.span]})
            self.expect(totals(answer.get("flamegraph")) == {"total": 1, "main": 1, profile.name: 1, "leaf": 1},
                        f"span {profile.span} of {profile.name} is wrong: {answer}")
        answer = self.ask("SelectMergeSpanProfile", {**self.samples(), "spanSelector": ["f" * 16]})
        self.expect(totals(answer.get("flamegraph")).get("total", 0) == 0, "a span that nobody pushed has samples")

    def check_labels(self, stored):
        between = {"start": self.start, "end": self.end}
        writers = sorted({f"{p.writer}" for p in stored.values()})
        attempted = {f"{p.writer}" for p in self.attempted.values()}
        values = self.ask("LabelValues", {"name": "writer", **between}).get("names", [])
        self.expect(set(writers) <= set(values) <= attempted, f"writers are {values}, not {writers}")
        series = self.ask("Series", {**between, "matchers": [f'{{service_name="{SERVICE}"}}'], "labelNames": ["service_name", "writer"]})
        found = [{l["name"]: l["value"] for l in s["labels"]} for s in series.get("labelsSet", [])]
        self.expect(
            set(writers) <= {s.get("writer") for s in found} <= attempted
            and all(s.get("service_name") == SERVICE for s in found) and len(found) == len(values),
            f"series are {found}")
        types = [t["ID"] for t in self.ask("ProfileTypes", between).get("profileTypes", [])
                 if not t["ID"].startswith("filler:")]
        self.expect(types == ([CPU] if found else []), f"profile types are {types}")


def look(path, sql):
    """A number in a database file, read so that nothing is written: SQLite without the server's layer makes no checksums."""
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        return connection.execute(sql).fetchone()[0]


def totals(graph):
    """The totals of all names of a flame graph, with what stands below them."""
    names, found = (graph or {}).get("names", []), {}
    for level in (graph or {}).get("levels", []):
        numbers = [int(value) for value in level["values"]]
        for box in range(0, len(numbers), 4):
            name = names[numbers[box + 3]]
            found[name] = found.get(name, 0) + numbers[box + 1]
    return found


def verify(server, model, what, ranges=6):
    """Runs all comparisons, and ends the script where something does not fit."""
    checker = Checker(server, model)
    stored = checker.run(ranges)
    if checker.partial:
        checker.problems.append(f"an answer was partial: {checker.partial}")
    if checker.problems:
        raise SystemExit(f"{what}: " + "\n".join(checker.problems[:10]))
    return stored
