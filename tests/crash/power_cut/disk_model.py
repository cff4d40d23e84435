"""What a disk may hold after a power cut: a file system in memory that knows what is durable.

It promises what POSIX does, and no more than that. The content of a file is durable once the file was
synced (fdatasync keeps the size, too); a name is durable once its directory was synced, whatever
happened to the file. A rename within a directory happens whole or not at all; one from a directory
into another is two changes, each durable with its own directory. sync_file_range promises nothing.
Bytes that a write does not touch stay as they are.
"""

import os
import pathlib

from call_trace import Kind

BLOCK = 4096
# Modes of fallocate.
KEEP_SIZE, PUNCH_HOLE, ZERO_RANGE = 1, 2, 16


class File:
    def __init__(self, content=b""):
        self.content = bytearray(content)
        self.durable = bytes(content)
        self.pending = []  # since the last sync: (offset, bytes), or (None, size)

    def write(self, offset, data):
        missing = offset + len(data) - len(self.content)
        if missing > 0:
            self.content.extend(bytes(missing))
        self.content[offset:offset + len(data)] = data
        self.pending.append((offset, data))

    def resize(self, size):
        del self.content[size:]
        self.content.extend(bytes(size - len(self.content)))
        self.pending.append((None, size))

    def allocate(self, mode, offset, length):
        if mode & ~(KEEP_SIZE | PUNCH_HOLE | ZERO_RANGE):
            raise ValueError(f"fallocate with mode {mode:#x} is not modelled")
        end = min(offset + length, len(self.content))
        if mode & (PUNCH_HOLE | ZERO_RANGE) and offset < end:
            self.write(offset, bytes(end - offset))
        if not mode & KEEP_SIZE and offset + length > len(self.content):
            self.resize(offset + length)

    def sync(self):
        if self.pending:
            self.durable = bytes(self.content)
            self.pending = []

    def kept(self, _):
        return bytes(self.content)

    def dropped(self, _):
        return self.durable

    def garbled(self, random):
        """Each block of each write that was not synced: as before, written, zeros or noise."""
        if not self.pending:
            return self.durable
        fates = random.choice(["mixed", "mixed", "zeros", "noise", "written"])
        content = bytearray(self.durable)
        for offset, change in self.pending:
            if offset is None:
                if random.random() < 0.5:
                    del content[change:]
                    content.extend(bytes(change - len(content)))
                continue
            for begin, block in blocks(offset, change):
                fate = random.choice(["before", "written", "zeros", "noise", "torn"])
                put(content, begin, block, fate if fates == "mixed" else fates, random)
        # The size is a thing of its own: as it was, as it should be, or anything between.
        least, most = sorted([len(self.durable), len(self.content)])
        size = random.choice([least, most, most, random.randint(least, most)])
        del content[size:]
        content.extend(bytes(size - len(content)))
        return bytes(content)


def blocks(offset, data):
    """A write, cut where blocks of the file begin."""
    begin = 0
    while begin < len(data):
        end = begin + BLOCK - (offset + begin) % BLOCK
        yield offset + begin, data[begin:end]
        begin = end


def put(content, begin, block, fate, random):
    if fate == "before":
        return
    if fate == "zeros":
        block = bytes(len(block))
    elif fate == "noise":
        block = random.randbytes(len(block))
    elif fate == "torn":
        block = block[:random.randint(0, len(block))]
    content.extend(bytes(max(0, begin + len(block) - len(content))))
    content[begin:begin + len(block)] = block


class Directory:
    def __init__(self):
        self.names = {}
        self.durable = {}
        self.pending = []  # since the last sync: what becomes of names, each change whole

    def change(self, change):
        """`change`: name -> what it means from now on; None takes it away."""
        apply_change(self.names, change)
        self.pending.append(change)

    def sync(self):
        self.durable = dict(self.names)
        self.pending = []

    def kept(self, _):
        return self.names

    def dropped(self, _):
        return self.durable

    def garbled(self, random):
        names = dict(self.durable)
        share = random.choice([0.1, 0.5, 0.9])
        for change in self.pending:
            if random.random() < share:
                apply_change(names, change)
        return names


def apply_change(names, change):
    for name, node in change.items():
        if node is None:
            names.pop(name, None)
        else:
            names[name] = node


class Disk:
    """Everything below one directory: first as it is, and durable, then as events change it."""

    def __init__(self, path):
        self.path = os.path.realpath(path)
        self.nodes = {}  # by inode number
        self.root = self._load(pathlib.Path(self.path))

    def _load(self, path):
        if path.is_dir():
            node = Directory()
            for entry in path.iterdir():
                node.change({entry.name: self._load(entry)})
            node.sync()
        else:
            node = File(path.read_bytes())
        return self.nodes.setdefault(path.stat().st_ino, node)

    def _place(self, path):
        """The directory and the name in it."""
        *way, name = os.path.relpath(path, self.path).split("/")
        directory = self.root
        for component in way:
            directory = directory.names[component]
        return directory, name

    def apply(self, event):
        kind = event.kind
        if kind in (Kind.CREATE, Kind.MAKE_DIRECTORY):
            node = File() if kind == Kind.CREATE else Directory()
            self.nodes[event.inode] = node
            if event.path:
                self._name(event.path, node)
        elif kind == Kind.LINK:
            self._name(event.path, self.nodes[event.inode])
        elif kind in (Kind.UNLINK, Kind.REMOVE_DIRECTORY):
            self._name(event.path, None)
        elif kind == Kind.RENAME:
            self._rename(event.path, event.second_path)
        elif kind == Kind.WRITE:
            self.nodes[event.inode].write(event.offset, event.data)
        elif kind == Kind.TRUNCATE:
            self.nodes[event.inode].resize(event.length)
        elif kind == Kind.ALLOCATE:
            self.nodes[event.inode].allocate(event.flags, event.offset, event.length)
        elif kind == Kind.SYNC:
            self.nodes[event.inode].sync()
        elif kind == Kind.SYNC_ALL:
            for node in self.nodes.values():
                node.sync()

    def _name(self, path, node):
        directory, name = self._place(path)
        directory.change({name: node})

    def _rename(self, old, new):
        source, old_name = self._place(old)
        target, new_name = self._place(new)
        node = source.names[old_name]
        if target.names.get(new_name) is node:
            return  # two names of one file: the call does nothing
        if source is target:
            source.change({old_name: None, new_name: node})
        else:
            target.change({new_name: node})
            source.change({old_name: None})

    def state(self, variant, random=None):
        """What lies there: path -> (node, content), content None for a directory."""
        tree, contents = {}, {}

        def look(directory, prefix):
            for name, node in sorted(getattr(directory, variant)(random).items()):
                path = prefix + name
                if isinstance(node, Directory):
                    tree[path] = (node, None)
                    look(node, path + "/")
                    continue
                if id(node) not in contents:  # under several names it is one file
                    contents[id(node)] = getattr(node, variant)(random)
                tree[path] = (node, contents[id(node)])

        look(self.root, "")
        return tree


def write_state(tree, path):
    """Makes the directory `path` of a state."""
    path.mkdir(mode=0o700)
    written = {}
    for name, (node, content) in tree.items():
        place = path / name
        if content is None:
            place.mkdir(mode=0o700)
        elif id(node) in written:
            os.link(written[id(node)], place)
        else:
            place.write_bytes(content)
            place.chmod(0o600)
            written[id(node)] = place
