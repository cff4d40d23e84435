"""Compares a trace with what strace saw at the border of the kernel: nothing may have been missed.

strace sees also what goes there by other ways than the functions of the C library that the recorder
takes the place of. Which names are made is not compared here: the model's tree is, with the real one.
"""

import collections
import re

from call_trace import Kind

CALLS = {
    "write": Kind.WRITE,
    "writev": Kind.WRITE,
    "pwrite64": Kind.WRITE,
    "pwritev": Kind.WRITE,
    "pwritev2": Kind.WRITE,
    "ftruncate": Kind.TRUNCATE,
    "fallocate": Kind.ALLOCATE,
    "rename": Kind.RENAME,
    "renameat": Kind.RENAME,
    "renameat2": Kind.RENAME,
    "link": Kind.LINK,
    "linkat": Kind.LINK,
    "unlink": Kind.UNLINK,
    "unlinkat": Kind.UNLINK,
    "rmdir": Kind.REMOVE_DIRECTORY,
    "mkdir": Kind.MAKE_DIRECTORY,
    "mkdirat": Kind.MAKE_DIRECTORY,
    "fsync": Kind.SYNC,
    "fdatasync": Kind.SYNC,
    "sync_file_range": Kind.SYNC_RANGE,
    "syncfs": Kind.SYNC_ALL,
}
# The recorder refuses them below the directory, so there must be none.
REFUSED = ["truncate", "symlink", "symlinkat", "sendfile", "copy_file_range", "splice", "msync",
           "io_uring_enter", "sync"]
# 4711 pwrite64(12</the/path>, "..."..., 56, 0) = 56
LINE = re.compile(r"^\d+ +(\w+)\((.*)\) += (\d+)")
RESUMED = re.compile(r"^(\d+) +<\.\.\. \w+ resumed>(.*)$")


def strace_command(log):
    # -y: descriptors with their paths; -s 0: without data.
    calls = ",".join([*CALLS, *REFUSED, "mmap", "openat"])
    return ["strace", "-f", "-y", "-s", "0", "-o", str(log), "-e", f"trace={calls}"]


def whole_lines(log):
    """Lines of calls that another thread interrupted are put together."""
    begun = {}
    for line in log.splitlines():
        if line.endswith("<unfinished ...>"):
            begun[line.split()[0]] = line.removesuffix("<unfinished ...>")
        elif resumed := RESUMED.match(line):
            yield begun.pop(resumed[1]) + resumed[2]
        else:
            yield line


def compare(log, directory, events):
    """Raises ValueError if strace saw another number of calls of a kind; returns the numbers."""
    seen = collections.Counter()
    below = re.compile(re.escape(directory) + r'[/>"]')
    for line in whole_lines(log):
        match = LINE.match(line)
        if not match or not below.search(match[2]):
            continue
        call, arguments, _ = match.groups()
        if call in REFUSED or (call == "mmap" and "PROT_WRITE" in arguments
                               and "MAP_SHARED" in arguments):
            raise ValueError(f"not recorded: {line}")
        if call == "openat" and "O_TRUNC" in arguments and "O_CREAT" not in arguments:
            raise ValueError(f"not compared: {line}")
        if call in CALLS:
            seen[directory_kind(CALLS[call], arguments).name] += 1
    told = collections.Counter(
        event.kind.name for event in events if event.kind in set(CALLS.values())
    )
    if seen != told:
        raise ValueError(f"strace saw {dict(seen)}, the recorder {dict(told)}")
    return dict(seen)


def directory_kind(kind, arguments):
    return Kind.REMOVE_DIRECTORY if "AT_REMOVEDIR" in arguments else kind
