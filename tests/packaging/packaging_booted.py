#!/usr/bin/env python3
"""The package on a Debian 12 that boots: a container with a systemd of its own, loopback only.

--until STEP ends after a step of machine/story.py. The bare Debian is kept beside the work
directory for the next time.
"""

import os
import pathlib
import shutil
import subprocess
import sys

import packages
from packages import run

HERE = pathlib.Path(__file__).resolve().parent
TOOLS = ["cpack", "dpkg-deb", "dpkg-shlibdeps", "debootstrap", "systemd-nspawn"]
INCLUDED = "systemd,systemd-sysv,dbus,libpam-systemd,ca-certificates,tzdata,python3"
# Without the filter's exception nothing in a container may lock memory.
CONTAINER = ["systemd-nspawn", "-q", "--register=no", "--keep-unit", "--system-call-filter=@memlock"]
BOOT_SECONDS = 1500

STORY_UNIT = """[Unit]
After=multi-user.target
SuccessAction=exit
FailureAction=exit
[Service]
Type=oneshot
ExecStart=/usr/bin/python3 -B /opt/story/story.py {until}
StandardOutput=file:/story.txt
StandardError=inherit
[Install]
WantedBy=default.target
"""


def bare_debian(kept):
    """A tar of Debian 12 with systemd; made once."""
    if not kept.exists():
        directory = kept.with_suffix(".new")
        shutil.rmtree(directory, ignore_errors=True)
        run("debootstrap", "--variant=minbase", f"--include={INCLUDED}", "bookworm", directory)
        run("tar", "-C", directory, "-cf", f"{kept}.new", ".")
        os.rename(f"{kept}.new", kept)
        shutil.rmtree(directory)
    return kept


def install(root, deb):
    """As an administrator does, with what it depends on; services do not start in here."""
    policy = root / "usr/sbin/policy-rc.d"
    policy.write_text("#!/bin/sh\nexit 101\n")
    policy.chmod(0o755)
    shutil.copy(deb, root / "opt")
    inside = [*CONTAINER, "-D", root, "--console=pipe", "-E", "DEBIAN_FRONTEND=noninteractive"]
    run(*inside, "apt-get", "-q", "update", stdin=subprocess.DEVNULL)
    run(*inside, "apt-get", "-q", "-y", "install", "--no-install-recommends",
        f"/opt/{deb.name}", stdin=subprocess.DEVNULL)
    policy.unlink()


def add_story(root, upgrade, tarball, until):
    shutil.copy(upgrade, root / "opt")
    run("tar", "-C", root / "opt", "-xf", tarball)
    shutil.copytree(HERE / "machine", root / "opt/story")
    unit = root / "etc/systemd/system/story.service"
    unit.write_text(STORY_UNIT.format(until=until))
    wanted = root / "etc/systemd/system/default.target.wants"
    wanted.mkdir(exist_ok=True)
    (wanted / unit.name).symlink_to("/etc/systemd/system/story.service")


def boot(root, log):
    """The exit status of the story's service."""
    with open(log, "wb") as output:
        return subprocess.run(
            [*CONTAINER, "-D", str(root), "--private-network", "-b"],
            stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
            timeout=BOOT_SECONDS,
        ).returncode


def main():
    until = ""
    if "--until" in sys.argv:
        at = sys.argv.index("--until")
        until = sys.argv[at + 1]
        del sys.argv[at : at + 2]
    given = packages.arguments()
    packages.require_tools(TOOLS)
    if os.geteuid() != 0:
        print("skipped: only root can boot a container")
        sys.exit(packages.SKIPPED)
    shutil.rmtree(given.work, ignore_errors=True)
    given.work.mkdir(parents=True)
    debs = [packages.make_deb(given.build, given.work / "deb", release) for release in (1, 2)]
    tarball = packages.make_simulator(given.build, given.work / "tarball")
    root = given.work / "root"
    root.mkdir()
    run("tar", "-C", root, "-xf", bare_debian(given.work.parent / "bookworm.tar"))
    install(root, debs[0])
    add_story(root, debs[1], tarball, until)
    status = boot(root, given.work / "boot.log")
    told = root / "story.txt"
    print(told.read_text() if told.exists() else (given.work / "boot.log").read_text())
    if status == 0 and told.exists() and told.read_text().rstrip().endswith("The end."):
        shutil.rmtree(root)
        sys.exit(0)
    print(f"the machine ended with {status}; it lies in {root}")
    sys.exit(1)


if __name__ == "__main__":
    main()
