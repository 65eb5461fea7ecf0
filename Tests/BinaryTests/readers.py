"""Lets 64 readers ask while profiles come in and others are deleted: no answer is an error, and each is of one moment.

usage: readers.py BINARY [--seconds N] [--seed N]
"""
import tempfile
import threading
import time
import urllib.parse

from invariants import CPU, DAY, END, START, Checker, Model, Writer, arguments, fill, totals, verify
from server import Server
from wire import pprof, push

options = arguments(__doc__, seconds=5.0)
model = Model()
problems, answers, deleted = [], 0, 0
lock = threading.Lock()
stop = threading.Event()


def read(server, number):
    """A flame graph or timeline has at least what was acknowledged before the question, at most what was attempted after it."""
    global answers
    while not stop.is_set() and not problems:
        checker = Checker(server, model)
        floor, _ = model.totals()
        if number % 3 == 0:
            total = checker.graph().get("total", 0)
        elif number % 3 == 1:
            answer = checker.ask("SelectSeries", {**checker.samples(), "step": 3600})
            total = sum(point["value"] for line in answer.get("series", []) for point in line["points"])
        else:
            checker.check_labels(dict(checker.acknowledged)) if number % 2 else checker.check_spans(checker.acknowledged, 2)
            checker.problems = [p for p in checker.problems if "answered" in p]
            total = None
        if number % 4 == 0:
            # What is being deleted, by stacks: its series go one after the other.
            for form in ("PROFILE_FORMAT_FLAMEGRAPH", "PROFILE_FORMAT_PPROF"):
                checker.ask("SelectMergeStacktraces", {
                    "profileTypeID": CPU, "labelSelector": '{service_name="gone"}', "start": START - 21 * DAY, "end": END,
                    "format": form, "maxNodes": 4, "stackTraceSelector": {"callSite": [{"name": "main"}]}})
        _, ceiling = model.totals()
        with lock:
            answers += 1
            problems.extend(checker.problems)
            if total is not None and not floor <= total <= ceiling:
                problems.append(f"a total of {total} is not within {floor} and {ceiling}")


def delete(server):
    """Single profiles of a series of its own, and a whole day; once the answer is there, nobody finds them."""
    global deleted
    day = START - 20 * DAY
    while not stop.is_set() and not problems:
        for at in (day, START, START + 3_600_000):
            status, text = server.push(push([
                ({"__name__": "process_cpu", "service_name": "gone", "pod": str(pod)},
                 pprof([(["main", f"gone{stack}"], 5, None) for stack in range(pod, 40 * pod + 2)], at * 1_000_000), None)
                for pod in range(12)]))
            if status != 200:
                problems.append(f"a push was answered with {status}: {text}")
        for selector, start, end in (('{service_name="gone"}', START - DAY, END), ("{}", day - DAY, day + DAY)):
            query = urllib.parse.urlencode({"selector": selector, "start": start, "end": end})
            status, text, _ = server.post(f"/api/v1/profiles/delete?{query}", b"", "text/plain")
            if status != 200:
                problems.append(f"a deletion was answered with {status}: {text}")
        left = server.ask("SelectMergeStacktraces", {
            "profileTypeID": CPU, "labelSelector": '{service_name="gone"}', "start": day - DAY, "end": END})
        if totals(left.get("flamegraph")).get("total", 0) != 0:
            problems.append(f"deleted profiles are in an answer: {left}")
        deleted += 1


with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as data:
    server = Server(options.binary, data)
    fill(server, model, 20)
    writers = [threading.Thread(target=Writer(server, model, n).run, args=(stop.is_set,)) for n in range(4)]
    writers.append(threading.Thread(target=delete, args=(server,)))
    readers = [threading.Thread(target=read, args=(server, n)) for n in range(64)]
    for thread in writers + readers:
        thread.start()
    time.sleep(options.seconds)
    stop.set()
    for thread in writers + readers:
        thread.join(120)
    if problems:
        raise SystemExit("\n".join(problems[:10]))
    verify(server, model, "at the end")
    assert server.end(kill=False) == 0
assert answers >= 64 and deleted > 0
print(f"{answers} answers to 64 readers while {len(model.acknowledged)} profiles came in and {deleted} deletions were made, "
      "none wrong")
