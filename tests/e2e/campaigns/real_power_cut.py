#!/usr/bin/env python3
"""Cuts the power of real file systems: ext4 and XFS, in images, at random moments of a life.

The file system is told to stop where it stands (the ioctl behind `xfs_io -x -c shutdown`, nothing of
its journal flushed): what was not durable is lost, and everything after it fails. The program ends, the
image is mounted anew, which replays the journal, and the store has to go on. The oracle is survival.py.
Needs root, loop devices, mkfs.ext4 and mkfs.xfs (Debian: e2fsprogs, xfsprogs).
"""

import collections
import fcntl
import os
import shutil
import struct
import subprocess
import threading

from campaign import Campaign, Skip, size
from harness import Coffer, Simulator, expect
from survival import Known, Survivor

IMAGE_BYTES = 2**30  # sparse; XFS wants 300 MiB
SHUTDOWN = 0x8004587D  # XFS_IOC_GOINGDOWN, and EXT4_IOC_SHUTDOWN
WITHOUT_LOG_FLUSH = struct.pack("I", 2)
MOST_SECONDS = 120  # of a command that cannot write any more


def command(*words):
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode != 0:
        raise OSError(f"{' '.join(words)}: {done.stdout}{done.stderr}".strip())


class LoopDisk:
    """A file system of its own below `directory`; mounted while the block runs."""

    def __init__(self, kind, directory):
        self.kind = kind
        self.image = directory / f"{kind}.img"
        self.mount = directory / f"{kind}.mounted"

    def __enter__(self):
        self.mount.mkdir()
        with open(self.image, "wb") as image:
            image.truncate(IMAGE_BYTES)
        command(f"mkfs.{self.kind}", "-q", str(self.image))
        self._mount()
        return self

    def __exit__(self, *_):
        command("umount", str(self.mount))
        self.image.unlink()
        self.mount.rmdir()

    def _mount(self):
        command("mount", "-o", "loop", "-t", self.kind, str(self.image), str(self.mount))

    def cut(self):
        root = os.open(self.mount, os.O_RDONLY)
        try:
            fcntl.ioctl(root, SHUTDOWN, WITHOUT_LOG_FLUSH)
        finally:
            os.close(root)

    def power_on(self):
        command("umount", str(self.mount))
        self._mount()


def demand_loop_devices(campaign, kinds):
    if os.geteuid() != 0:
        raise Skip("mounting needs root")
    for kind in kinds:
        if not shutil.which(f"mkfs.{kind}"):
            raise Skip(f"there is no mkfs.{kind} (Debian: e2fsprogs, xfsprogs)")
        try:
            with LoopDisk(kind, campaign.directory):
                pass
        except OSError as problem:
            raise Skip(f"{kind} in an image cannot be mounted: {problem}") from problem


class Life:
    """One store on such a disk, and the commands that its power cuts fall into."""

    def __init__(self, campaign, simulator, disk, name):
        self.campaign = campaign
        self.random = campaign.random
        self.simulator = simulator
        self.disk = disk
        # What we write ourselves lies elsewhere: nobody syncs it.
        self.coffer = Coffer(campaign.arguments.coffer, campaign.directory / name, simulator.fragment)
        self.coffer.store = disk.mount / "store"
        self.coffer.index = disk.mount / "index"
        self.coffer.open_with(self.coffer.directory / "passphrase")
        self.coffer.init()
        key = self.coffer.directory / "key"  # opens at once, unlike a passphrase
        self.coffer.run("key", "add", "--key-file", str(key))
        self.coffer.open_with(key)
        self.known = Known()
        self.usual_seconds = collections.defaultdict(lambda: 0.4)
        self.figures = collections.Counter()

    def live(self):
        """Something to do for the next command; most often a backup."""
        kind = self.random.choice(["backup"] * 3 + ["forget", "prune", "delete"])
        if kind == "backup":
            self.simulator.evolve(self.campaign.arguments.days)
            self.cut_during("backup")
        elif kind == "forget":
            self.forget(self.cut_during)
        else:  # make some work for it, first
            self.forget(self.coffer.run)
            self.cut_during("prune", *(["--delete-only"] if kind == "delete" else []))

    def forget(self, run):
        """All restore points of a mailbox but the newest."""
        points = collections.defaultdict(list)
        for entry in self.coffer.snapshots():
            points[entry["mailbox"]].append(entry["id"])
        old = [one for ids in points.values() for one in ids[:-1]]
        if not old:
            return
        self.known.acknowledged -= set(old)
        words = [word for one in old for word in ("--snapshot", one)]
        if run("forget", *words, "--confirm").status == 0:
            self.known.forgotten |= set(old)

    def cut_during(self, *arguments):
        """Runs a command and cuts the power in its course, or right after its end."""
        usual = self.usual_seconds[arguments[0]]
        record = self.simulator.record()
        failures, begun = [], threading.Event()

        def cut():
            begun.set()
            try:
                self.disk.cut()
            except OSError as problem:
                failures.append(problem)

        timer = threading.Timer(self.random.uniform(0, usual * 1.1), cut)
        timer.start()
        run = self.coffer.run(*arguments, expect_status=None, kill_after=MOST_SECONDS)
        timer.cancel()
        timer.join()
        if not begun.is_set():  # it was faster: nothing that it said may be lost now
            self.usual_seconds[arguments[0]] = (usual + run.seconds) / 2
            expect(run.status == 0, f"{run}: {run.stderr[-2000:]}{run.error or ''}")
            cut()
        expect(not failures, f"the power could not be cut: {failures}")
        self.figures["ended well" if run.status == 0 else "interrupted"] += 1
        self.figures["cuts"] += 1
        self.figures[f"cuts in {arguments[0]}"] += 1
        if arguments[0] == "backup":
            self.known.note(run, record)
        self.disk.power_on()
        survivor = Survivor(self.coffer, self.known, record, self.random)
        survivor.examine()
        self.figures.update(survivor.figures)
        return run


def run(campaign, arguments):
    demand_loop_devices(campaign, arguments.file_systems)
    shape = {"mailboxes": arguments.mailboxes, "items": arguments.items, "bytes": arguments.bytes}
    for kind in arguments.file_systems:
        total, number = collections.Counter(), 0
        while total["cuts"] < arguments.cuts:
            number += 1
            name = f"{kind}-{number}"
            with (
                LoopDisk(kind, campaign.directory) as disk,
                Simulator(arguments.simulator, campaign.directory / f"tenant-{name}",
                          seed=arguments.seed + number, request_limit=10**9, **shape) as simulator,
            ):
                life = Life(campaign, simulator, disk, name)
                wanted = min(arguments.cuts_per_store, arguments.cuts - total["cuts"])
                while life.figures["cuts"] < wanted:
                    life.live()
                total.update(life.figures)
        campaign.say(f"{kind}: {dict(total)}, violations: 0")


if __name__ == "__main__":
    campaign = Campaign("real-power-cut", __doc__)
    campaign.argument("--cuts", type=int, default=50, help="of each file system")
    campaign.argument("--cuts-per-store", type=int, default=10)
    campaign.argument("--file-systems", nargs="+", choices=["ext4", "xfs"],
                      default=["ext4", "xfs"])
    campaign.argument("--mailboxes", type=int, default=3)
    campaign.argument("--items", type=int, default=90)
    campaign.argument("--bytes", type=size, default=size("8MB"))
    campaign.argument("--days", type=int, default=10, help="lived between two backups")
    campaign.main(run)
