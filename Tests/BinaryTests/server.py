"""Starts the built server for the scripts beside this one."""
import ctypes
import json
import os
import re
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request


def end_with_parent():
    """The server ends when the script does, however that is."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


class Server:
    def __init__(self, binary, data, *flags, environment=None):
        started = time.monotonic()
        self.process = subprocess.Popen(
            [binary, "serve", "--listen", "127.0.0.1:0", "--data-dir", data, *flags],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, preexec_fn=end_with_parent,
            env={**os.environ, **(environment or {})})
        self.log = []
        self.url = None
        for line in self.process.stderr:
            self.log.append(line)
            found = re.search(r"msg=listening address=(\S+)", line)
            if found:
                self.url = f"http://{found[1]}"
                break
        if not self.url:
            raise SystemExit(f"the server did not start: {''.join(self.log)}")
        # It must be read on, or the server would wait.
        self.drain = threading.Thread(target=lambda: self.log.extend(self.process.stderr), daemon=True)
        self.drain.start()
        assert self.get("/ready")[0] == 200
        self.seconds_to_ready = time.monotonic() - started

    def wait_for_log(self, text):
        deadline = time.monotonic() + 30
        while not any(text in line for line in list(self.log)):
            if time.monotonic() > deadline:
                raise SystemExit(f"the log does not say: {text}")
            time.sleep(0.1)

    def get(self, path):
        """The status, the body and the headers of a page."""
        return self._send(urllib.request.Request(self.url + path))

    def post(self, path, body, content_type, tenant=None):
        """The status, the body and the headers of an answer."""
        headers = {"Content-Type": content_type, **({"X-Scope-OrgID": tenant} if tenant else {})}
        return self._send(urllib.request.Request(self.url + path, body, headers))

    @staticmethod
    def _send(call):
        try:
            with urllib.request.urlopen(call, timeout=60) as answer:
                return answer.status, answer.read().decode(), answer.headers
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode(), error.headers

    def call(self, method, request, tenant=None):
        """The status, the JSON and the headers of a method's answer."""
        status, body, headers = self.post(
            f"/querier.v1.QuerierService/{method}", json.dumps(request).encode(), "application/json", tenant)
        return status, json.loads(body), headers

    def ask(self, method, request, tenant=None):
        status, answer, _ = self.call(method, request, tenant)
        if status != 200:
            raise SystemExit(f"{method} was answered with {status}: {answer}")
        return answer

    def push(self, body, tenant=None):
        """The status and the text of the answer to a PushRequest."""
        status, answer, _ = self.post("/push.v1.PusherService/Push", body, "application/proto", tenant)
        return status, answer

    def end(self, kill):
        self.process.kill() if kill else self.process.terminate()
        status = self.process.wait(timeout=60)
        self.drain.join(timeout=10)
        return status
