"""Reads what the recorder wrote (trace.h)."""

import dataclasses
import enum
import struct


class Kind(enum.IntEnum):
    CREATE = 1
    WRITE = 2
    TRUNCATE = 3
    ALLOCATE = 4
    RENAME = 5
    LINK = 6
    UNLINK = 7
    MAKE_DIRECTORY = 8
    REMOVE_DIRECTORY = 9
    SYNC = 10
    SYNC_RANGE = 11
    SYNC_ALL = 12


@dataclasses.dataclass
class Event:
    kind: Kind
    flags: int
    inode: int
    offset: int
    length: int
    printed: int  # bytes of standard output before the call
    path: str
    second_path: str
    data: bytes

    def __str__(self):
        where = " -> ".join(filter(None, [self.path, self.second_path])) or f"inode {self.inode}"
        extent = f" {self.offset} + {self.length}" if self.length else ""
        return f"{self.kind.name.lower()} {where}{extent}"


HEAD = struct.Struct("<IIQQQQII")


def read_trace(path):
    """The events of a trace, in their order."""
    content = path.read_bytes()
    events, place = [], 0

    def take(size):
        nonlocal place
        if place + size > len(content):
            raise ValueError(f"{path} ends inside an event")
        place += size
        return content[place - size:place]

    while place < len(content):
        kind, flags, inode, offset, length, printed, first, second = HEAD.unpack(take(HEAD.size))
        paths = take(first).decode(), take(second).decode()
        data = take(length) if kind == Kind.WRITE else b""
        events.append(Event(Kind(kind), flags, inode, offset, length, printed, *paths, data))
    return events
