#!/usr/bin/env python3
"""Tests of the recorder and of the model of the disk. Usage: power_cut_test.py RECORDER"""

import os
import pathlib
import random
import subprocess
import sys
import tempfile
import unittest

from call_trace import Event, Kind, read_trace
from disk_model import Disk, write_state

RECORDER = os.path.abspath(sys.argv.pop(1))

# Every way to change a file that the recorder knows, by a program that is not ours.
PROGRAM = r"""
import os, threading
os.chdir(os.environ["COFFER_RECORD_BELOW"])
os.mkdir("a"); os.mkdir("a/b"); os.mkdir("gone"); os.rmdir("gone")
directory = os.open("a", os.O_RDONLY | os.O_DIRECTORY)
file = os.open("b/file", os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600, dir_fd=directory)
os.write(file, b"0123456789"); os.writev(file, [b"abc", b"", b"def"])
os.pwrite(file, b"XY", 4); os.pwritev(file, [b"Z", b"W"], 20)
copy = os.dup(file); os.close(file); os.write(copy, b"through a copy"); os.lseek(copy, 3, 0)
os.write(copy, b"!"); os.ftruncate(copy, 30); os.posix_fallocate(copy, 0, 40); os.fsync(copy)
end = os.open("a/b/file", os.O_WRONLY | os.O_APPEND); os.write(end, b"at the end"); os.fdatasync(end)
os.link("a/b/file", "a/second"); os.rename("a/b/file", "moved"); os.fsync(directory)
os.write(copy, b"under another name"); os.unlink("a/second")
os.close(os.open("emptied", os.O_WRONLY | os.O_CREAT)); os.open("moved", os.O_WRONLY | os.O_TRUNC)
os.write(copy, b"after it was emptied")
nameless = os.open("a", os.O_WRONLY | os.O_TMPFILE); os.write(nameless, b"named later")
os.link(f"/proc/self/fd/{nameless}", "a/named", src_dir_fd=directory, follow_symlinks=True)
os.replace("emptied", "a/named"); os.rename("a/b", "a/c")
os.unlink("moved"); os.write(copy, b"without a name")
def fill(name):
    descriptor = os.open(name, os.O_WRONLY | os.O_CREAT)
    for number in range(50):
        os.write(descriptor, str(number).encode())
threads = [threading.Thread(target=fill, args=(f"thread-{number % 3}",)) for number in range(6)]
[thread.start() for thread in threads]; [thread.join() for thread in threads]
open(os.environ["OUTSIDE"], "w").write("not recorded")
"""
# And what it refuses to pass over.
REFUSED = {
    "a mapping that writes": "import mmap; mmap.mmap(file, 10)",
    "a copy inside the kernel": "os.sendfile(file, os.open('/etc/hostname', os.O_RDONLY), 0, 1)",
    "writes that sync themselves": "os.open('synced', os.O_WRONLY | os.O_CREAT | os.O_SYNC)",
    "a symbolic link": "os.symlink('file', 'link')",
    "into or out of view": "os.rename('file', '../file')",
    "truncate by name": "os.truncate('file', 3)",
}


class RecorderTest(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.root = pathlib.Path(temporary.name) / "root"
        self.root.mkdir()
        self.trace = self.root.parent / "trace"

    def run_recorded(self, program):
        environment = {
            **os.environ,
            "LD_PRELOAD": RECORDER,
            "COFFER_RECORD_BELOW": str(self.root),
            "COFFER_RECORD_TO": str(self.trace),
            "OUTSIDE": str(self.root.parent / "outside"),
        }
        command = [sys.executable, "-c", program]
        return subprocess.run(command, env=environment, capture_output=True, text=True)

    def test_the_model_holds_what_a_recorded_program_left(self):
        disk = Disk(self.root)
        run = self.run_recorded(PROGRAM)
        self.assertEqual(run.returncode, 0, run.stderr)
        for event in read_trace(self.trace):
            disk.apply(event)
        seen = {name: content for name, (_, content) in Disk(self.root).state("kept").items()}
        model = {name: content for name, (_, content) in disk.state("kept").items()}
        self.assertEqual(model, seen)
        self.assertIn("thread-2", seen)

    def test_what_cannot_be_recorded_ends_the_program(self):
        (self.root / "file").write_bytes(b"0123456789")
        begin = "import os; os.chdir(os.environ['COFFER_RECORD_BELOW'])\n"
        begin += "file = os.open('file', os.O_RDWR)\n"
        self.assertEqual(self.run_recorded(begin).returncode, 0)
        for why, call in REFUSED.items():
            with self.subTest(why):
                run = self.run_recorded(begin + call)
                self.assertLess(run.returncode, 0)
                self.assertIn(f"power cut recorder: {why}", run.stderr)


def event(kind, inode=0, path="", second_path="", offset=0, length=0, data=b"", flags=0):
    return Event(kind, flags, inode, offset, length, 0, path, second_path, data)


class DiskTest(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.place = pathlib.Path(temporary.name)
        self.root = self.place / "root"
        (self.root / "other").mkdir(parents=True)
        (self.root / "old").write_bytes(b"o" * 10_000)
        self.disk = Disk(self.root)
        self.old = (self.root / "old").stat().st_ino
        self.directories = {
            name: (self.root / name).stat().st_ino for name in ("", "other")
        }

    def do(self, kind, inode=0, path="", second_path="", **more):
        paths = [str(self.root / name) if name else "" for name in (path, second_path)]
        self.disk.apply(event(kind, inode, *paths, **more))

    def sync_directory(self, name=""):
        self.do(Kind.SYNC, self.directories[name])

    def write(self, inode, offset, data):
        self.do(Kind.WRITE, inode, offset=offset, length=len(data), data=data)

    def holds(self, variant, seed=0):
        tree = self.disk.state(variant, random.Random(seed))
        return {name: content for name, (_, content) in tree.items() if content is not None}

    def make(self, path, inode, data):
        self.do(Kind.CREATE, inode, path)
        self.write(inode, 0, data)

    def test_a_file_needs_its_own_sync_and_its_directorys(self):
        self.make("new", 1, b"data")
        self.assertEqual(self.holds("kept")["new"], b"data")
        self.assertNotIn("new", self.holds("dropped"))
        self.do(Kind.SYNC, 1)
        self.assertNotIn("new", self.holds("dropped"))
        self.sync_directory()
        self.assertEqual(self.holds("dropped")["new"], b"data")

    def test_a_name_that_is_durable_may_name_a_file_without_its_data(self):
        self.make("new", 1, b"data")
        self.do(Kind.SYNC_RANGE, 1)
        self.sync_directory()
        self.assertEqual(self.holds("dropped")["new"], b"")

    def test_a_name_that_was_taken_away_is_back_until_its_directory_is_synced(self):
        self.do(Kind.UNLINK, path="old")
        self.assertIn("old", self.holds("dropped"))
        self.sync_directory()
        self.assertNotIn("old", self.holds("dropped"))

    def test_a_rename_within_a_directory_happens_whole_or_not_at_all(self):
        self.make("new", 1, b"data")
        self.do(Kind.SYNC, 1)
        self.sync_directory()
        self.do(Kind.RENAME, path="new", second_path="old")
        ways = {(tuple(sorted(held)), held["old"][:4]) for held in
                (self.holds("garbled", seed) for seed in range(100))}
        self.assertEqual(ways, {(("new", "old"), b"oooo"), (("old",), b"data")})

    def test_a_rename_into_another_directory_may_leave_both_names(self):
        self.do(Kind.RENAME, path="old", second_path="other/old")
        self.sync_directory("other")
        self.assertEqual(set(self.holds("dropped")), {"old", "other/old"})
        self.sync_directory()
        self.assertEqual(set(self.holds("dropped")), {"other/old"})

    def test_all_is_durable_once_the_file_system_was_synced(self):
        self.make("other/new", 1, b"data")
        self.do(Kind.SYNC_ALL)
        for seed in range(20):
            self.assertEqual(self.holds("garbled", seed), self.holds("kept"))

    def test_garbling_spares_the_bytes_that_no_write_touched(self):
        self.write(self.old, 5_000, b"n" * 10_000)
        seen = {self.holds("garbled", seed)["old"] for seed in range(200)}
        self.assertGreater(len(seen), 50)
        self.assertEqual({content[:5_000] for content in seen}, {b"o" * 5_000})
        self.assertTrue(all(10_000 <= len(content) <= 15_000 for content in seen))
        noise = {content[5_000:6_000] for content in seen} - {bytes(1_000), b"n" * 1_000}
        self.assertGreater(len(noise), 20)

    def test_a_state_is_written_with_its_links(self):
        self.do(Kind.LINK, self.old, "other/second")
        write_state(self.disk.state("kept"), self.place / "state")
        first, second = self.place / "state" / "old", self.place / "state" / "other" / "second"
        self.assertTrue(first.samefile(second))
        self.assertEqual(first.read_bytes(), b"o" * 10_000)


if __name__ == "__main__":
    unittest.main()
