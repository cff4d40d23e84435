"""What an administrator of the machine does: commands, files, services, the API."""

import grp
import json
import os
import pathlib
import pwd
import subprocess
import time
import urllib.error
import urllib.request

API = "http://127.0.0.1:8440"


def command(*words, expect=0, **options):
    """The standard output of a command that has to end with the status `expect`."""
    words = [str(word) for word in words]
    done = subprocess.run(words, capture_output=True, text=True, stdin=subprocess.DEVNULL, **options)
    if done.returncode != expect:
        said = f"{done.stdout}{done.stderr}"
        raise AssertionError(f"{' '.join(words)} ended with {done.returncode}:\n{said}")
    return done.stdout


def coffer(*words, expect=0):
    return command("coffer-admin", *words, expect=expect)


def records(*words):
    return [json.loads(line) for line in coffer("--json", *words).splitlines()]


def property_of_service(name):
    return command("systemctl", "show", "-P", name, "coffer.service").strip()


def journal():
    return command("journalctl", "-o", "cat", "--no-pager", "-u", "coffer.service")


def wait_for(what, condition, seconds=120):
    """What the condition returns once it is true of a machine that works in the background."""
    deadline = time.monotonic() + seconds
    while True:
        seen = condition()
        if seen:
            return seen
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}\n{journal()[-6000:]}")
        time.sleep(0.05)


def ask(path, body=None):
    """The answer's JSON; None while nobody answers."""
    request = urllib.request.Request(API + path, headers={"Content-Type": "application/json"})
    if body is not None:
        request.data = json.dumps(body).encode()
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise AssertionError(f"{path} answered {error.code}: {error.read().decode()}") from error
    except urllib.error.URLError:
        return None


def why_not_ready():
    """What /readyz says while it is not; empty while nobody answers."""
    try:
        urllib.request.urlopen(API + "/readyz", timeout=30).close()
    except urllib.error.HTTPError as error:
        return error.read().decode()
    except urllib.error.URLError:
        pass
    return ""


def is_ready():
    try:
        with urllib.request.urlopen(API + "/readyz", timeout=30) as answer:
            return answer.status == 200
    except urllib.error.URLError:
        return False


def jobs():
    return (ask("/api/v1/jobs?limit=1000") or {"jobs": []})["jobs"]


def job(identifier):
    return next((each for each in jobs() if each["id"] == identifier), None)


def ended_job(identifier, seconds=300):
    ended = wait_for(
        f"the end of job {identifier}",
        lambda: next((each for each in jobs()
                      if each["id"] == identifier and each["state"] == "ended"), None),
        seconds,
    )
    if ended["status"] != "complete":
        raise AssertionError(f"the job ended badly: {json.dumps(ended, indent=1)}\n{journal()[-6000:]}")
    return ended


def equal(seen, wanted, what):
    if seen != wanted:
        raise AssertionError(f"{what}: {seen!r}, and not {wanted!r}")


def rights(path):
    status = os.stat(path)
    user, group = pwd.getpwuid(status.st_uid).pw_name, grp.getgrgid(status.st_gid).gr_name
    return f"{status.st_mode & 0o7777:04o} {user}:{group}"


def files_below(directory):
    """Path and content of every file."""
    return {
        str(path): path.read_bytes() for path in pathlib.Path(directory).rglob("*") if path.is_file()
    }


def write_secret(name, content):
    path = pathlib.Path("/etc/coffer/credentials") / name
    path.write_bytes(content)
    path.chmod(0o640)
    equal(rights(path), "0640 root:coffer", f"rights of {path}")
