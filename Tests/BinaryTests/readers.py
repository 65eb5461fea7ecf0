"""Lets 64 readers ask while profiles come in: no answer is an error, and each is of one moment.

usage: readers.py BINARY [--seconds N] [--seed N]
"""
import tempfile
import threading
import time

from invariants import SERVICE, CPU, Checker, Model, Writer, arguments, fill, verify
from server import Server

options = arguments(__doc__, seconds=5.0)
model = Model()
problems, answers = [], 0
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
        _, ceiling = model.totals()
        with lock:
            answers += 1
            problems.extend(checker.problems)
            if total is not None and not floor <= total <= ceiling:
                problems.append(f"a total of {total} is not within {floor} and {ceiling}")


with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as data:
    server = Server(options.binary, data)
    fill(server, model, 20)
    # Deletion has no part in it yet: it belongs beside the writers, with a series of its own.
    writers = [threading.Thread(target=Writer(server, model, n).run, args=(stop.is_set,)) for n in range(4)]
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
assert answers >= 64
print(f"{answers} answers to 64 readers while {len(model.acknowledged)} profiles came in, none wrong")
