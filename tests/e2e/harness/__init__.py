"""Drives coffer and the simulated tenant as a person would, and compares what they say."""

from .coffer import Coffer, Run
from .comparison import Mismatch, compare_placed, expect
from .daemon import Daemon, serve
from .file_faults import FileCall, FileFaults
from .observer import Observer
from .simulator import Simulator, find_ports
from .tenant_record import Item, MailboxRecord

__all__ = [
    "Coffer",
    "Daemon",
    "FileCall",
    "FileFaults",
    "Observer",
    "Run",
    "Simulator",
    "Item",
    "MailboxRecord",
    "Mismatch",
    "compare_placed",
    "expect",
    "find_ports",
    "serve",
]
