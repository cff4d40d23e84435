"""`coffer serve` as a process, and its API."""

import base64
import json
import signal
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request

from .comparison import Mismatch
from .simulator import find_ports

NO_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))
PATIENCE = 120  # seconds


def serve(coffer, fragment=""):
    """The daemon of this store, not begun yet, with these tables beside its [web]."""
    port = find_ports(1)
    coffer.daemon_fragment = f'[web]\nlisten = "127.0.0.1:{port}"\n{fragment}'
    coffer.configure()
    return Daemon(coffer, port)


class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def json(self):
        return json.loads(self.body)


class Daemon:
    """Of a Coffer whose configuration has [web] listen = "127.0.0.1:<port>"."""

    def __init__(self, coffer, port, account=None):
        self.coffer = coffer
        self.url = f"http://127.0.0.1:{port}"
        self.account = account  # (name, password)
        self.process = None
        self.log_path = coffer.directory / "serve.log"

    def start(self, environment=None, ready=True):
        log = open(self.log_path, "ab")
        self.process = self.coffer.start(
            "--verbose", "serve", stdout=log, stderr=log, environment=environment
        )
        log.close()
        self.wait_for(lambda: self.is_up(), "the daemon answers")
        if ready:
            self.wait_for(lambda: self.get("/readyz", check=False).status == 200, "it is ready")
        return self

    def is_up(self):
        if self.process.poll() is not None:
            raise Mismatch(f"coffer serve ended with {self.process.returncode}:\n{self.log()}")
        try:
            return self.get("/healthz", check=False).status == 200
        except (urllib.error.URLError, ConnectionError):
            return False

    def log(self):
        return self.log_path.read_text(errors="replace")[-4000:]

    def ask(self, method, path, body=None, check=True, headers=None):
        request = urllib.request.Request(self.url + path, method=method)
        for name, value in (headers or {}).items():
            request.add_header(name, value)
        if self.account:
            pair = ":".join(self.account).encode()
            request.add_header("Authorization", "Basic " + base64.b64encode(pair).decode())
        if body is not None:
            request.add_header("Content-Type", "application/json")
            request.data = json.dumps(body).encode()
        try:
            with NO_PROXY.open(request, timeout=PATIENCE) as response:
                answer = Answer(response.status, response.headers, response.read())
        except urllib.error.HTTPError as error:
            answer = Answer(error.code, error.headers, error.read())
        if check and answer.status >= 400:
            raise Mismatch(f"{method} {path}: {answer.status} {answer.body[:500]!r}")
        return answer

    def get(self, path, check=True, **query):
        if query:
            path += "?" + urllib.parse.urlencode(query)
        return self.ask("GET", path, check=check)

    def api(self, path, **query):
        return self.get(f"/api/v1/{path}", **query).json

    def post(self, path, body, check=True):
        return self.ask("POST", f"/api/v1/{path}", body, check=check)

    def all(self, path, name, **query):
        """Every record of a list, page by page."""
        records, after = [], None
        while True:
            page = self.api(path, **query, **({"after": after} if after else {}))
            records += page[name]
            after = page["next"]
            if after is None:
                return records

    def jobs(self, command=None):
        """Newest first."""
        return self.all("jobs", "jobs", **({"command": command} if command else {}))

    def job(self, job_id):
        return self.api(f"jobs/{job_id}")

    def order(self, **body):
        return self.post("jobs", body).json["id"]

    def wait_for_job(self, job_id, patience=PATIENCE):
        job = {}

        def has_ended():
            job.update(self.job(job_id))
            return job["state"] == "ended"

        self.wait_for(has_ended, f"job {job_id} ends", patience, lambda: f"{job}")
        return job

    def wait_for(self, condition, what, patience=PATIENCE, told=lambda: ""):
        end = time.monotonic() + patience
        while not condition():
            if time.monotonic() > end:
                raise Mismatch(f"waited {patience} s until {what}: {told()}\n{self.log()}")
            time.sleep(0.05)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self, patience=PATIENCE):
        """SIGTERM; its exit status."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout=patience)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise Mismatch(f"coffer serve did not stop within {patience} s:\n{self.log()}")

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
