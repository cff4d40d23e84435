"""What `coffer --help` and `coffer COMMAND --help` tell, as values: man pages and completions are
made from it, so that they cannot say anything else than the program."""

import dataclasses
import re
import subprocess

# Two columns. A name that is too long for the first one has its description in the next line.
DESCRIPTION_COLUMN = 30
HEADING = re.compile(r"^(\w+):$")


@dataclasses.dataclass
class Entry:
    names: list  # ["-h", "--help"], ["mailbox"], ["backup"]
    value: str  # "TEXT", as the help calls it; empty for a flag
    is_required: bool
    is_repeatable: bool
    excludes: list
    description: str

    @property
    def long_name(self):
        return self.names[-1]


@dataclasses.dataclass
class Command:
    words: list  # ["coffer", "key", "add"]
    summary: str
    usage: str
    positionals: list
    options: list
    subcommands: list  # of Command
    epilogue: str

    @property
    def name(self):
        return self.words[-1]


def entry_of(signature, description):
    excludes = re.search(r" Excludes: (.*)$", signature)
    words = signature[: excludes.start() if excludes else None].split()
    attributes = words[1:]
    return Entry(
        names=words[0].split(","),
        value=attributes[0] if attributes else "",
        is_required="REQUIRED" in attributes,
        is_repeatable="..." in attributes,
        excludes=excludes.group(1).split() if excludes else [],
        description=description,
    )


def split_rows(lines):
    """[signature, description] of each row of a section."""
    rows = []
    for line, after in zip(lines, [*lines[1:], ""]):
        name, description = line[:DESCRIPTION_COLUMN], line[DESCRIPTION_COLUMN:]
        if not name.strip():
            rows[-1][1] = description
        elif after and not after[:DESCRIPTION_COLUMN].strip():
            rows.append([line.strip(), ""])
        elif description and not name.endswith(" "):
            raise ValueError(f"not a row of a help text: {line!r}")
        else:
            rows.append([name.strip(), description])
    return rows


def sections_of(text):
    """Lines below "Options:" and the like by heading; "" holds what stands outside of them."""
    sections, heading = {"": []}, ""
    for line in text.splitlines():
        match = HEADING.match(line)
        if match:
            heading = match.group(1)
            sections[heading] = []
        elif line and not line.startswith(" "):
            heading = ""
            sections[""].append(line)
        elif line.strip():
            sections[heading].append(line)
    return sections


def help_of(program, words):
    told = subprocess.run(
        [program, *words[1:], "--help"], capture_output=True, text=True, check=True, timeout=60
    )
    return told.stdout


def read_command(program, words):
    sections = sections_of(help_of(program, words))
    outside = sections.pop("")
    unknown = set(sections) - {"Positionals", "Options", "Subcommands"}
    if unknown:
        raise ValueError(f"{' '.join(words)} --help has a section that nobody expects: {unknown}")
    usage = next(line for line in outside if line.startswith("Usage: "))
    at = outside.index(usage)
    rows = {name: split_rows(lines) for name, lines in sections.items()}
    return Command(
        words=words,
        summary=" ".join(outside[:at]),
        # The program names itself as it was called.
        usage=" ".join(words) + usage.removeprefix("Usage: ").partition(" ".join(words))[2],
        positionals=[entry_of(*row) for row in rows.get("Positionals", [])],
        options=[entry_of(*row) for row in rows.get("Options", [])],
        subcommands=[
            read_command(program, [*words, name]) for name, _ in rows.get("Subcommands", [])
        ],
        epilogue=" ".join(outside[at + 1 :]),
    )


def read_program(program):
    """The whole program, every command and subcommand of it."""
    return read_command(str(program), ["coffer"])
