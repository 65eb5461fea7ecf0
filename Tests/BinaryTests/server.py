"""Starts the built server for the scripts beside this one."""
import json
import re
import subprocess
import threading
import time
import urllib.request


class Server:
    def __init__(self, binary, data, *flags):
        started = time.monotonic()
        self.process = subprocess.Popen(
            [binary, "serve", "--listen", "127.0.0.1:0", "--data-dir", data, *flags],
            stderr=subprocess.PIPE, text=True)
        self.url = None
        for line in self.process.stderr:
            found = re.search(r"msg=listening address=(\S+)", line)
            if found:
                self.url = f"http://{found[1]}"
                break
        if not self.url:
            raise SystemExit("the server did not start")
        with urllib.request.urlopen(f"{self.url}/ready", timeout=10) as answer:
            assert answer.status == 200
        self.seconds_to_ready = time.monotonic() - started
        # The log must be read, or the server would wait for its reader.
        self.log = []
        self.drain = threading.Thread(target=self.read_log, daemon=True)
        self.drain.start()

    def read_log(self):
        for line in self.process.stderr:
            self.log.append(line)

    def wait_for_log(self, text):
        deadline = time.monotonic() + 30
        while not any(text in line for line in list(self.log)):
            if time.monotonic() > deadline:
                raise SystemExit(f"the log does not say: {text}")
            time.sleep(0.1)

    def ask(self, method, request):
        call = urllib.request.Request(
            f"{self.url}/querier.v1.QuerierService/{method}", json.dumps(request).encode(),
            {"Content-Type": "application/json"})
        with urllib.request.urlopen(call, timeout=30) as answer:
            return json.load(answer)

    def end(self, kill):
        self.process.kill() if kill else self.process.terminate()
        status = self.process.wait(timeout=60)
        self.drain.join(timeout=10)
        return status
