#!/usr/bin/env python3
"""Writes coffer.1 and a page for each command from what the program says about itself.

Usage: man_pages.py PROGRAM VERSION DATE DIRECTORY
"""

import dataclasses
import pathlib
import sys

from help_text import read_program

FILES = [
    ("/etc/coffer/coffer.toml", "The configuration, see coffer.toml(5)."),
    ("/etc/coffer/credentials/", "Secrets that the configuration names as credential:NAME."),
    ("/var/lib/coffer/", "The store, its index and the state of the service, unless the "
                         "configuration names other places."),
    ("/usr/share/doc/coffer/OPERATIONS.md", "From the first backup to a lost machine."),
]


@dataclasses.dataclass
class Edition:
    version: str
    date: str


def escaped(text):
    """Text as roff takes it: no request at the beginning of a line, no sign made typographic."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("`", "\\(ga")
    return "\\&" + text if text[:1] in (".", "'") else text


def row(entry):
    """An option or an argument as a tagged paragraph."""
    tag = ", ".join(f"\\fB{escaped(name)}\\fR" for name in entry.names)
    if not entry.names[0].startswith("-"):
        tag = f"\\fI{escaped(entry.names[0])}\\fR"
    elif entry.value:
        tag += f" \\fI{escaped(entry.value)}\\fR"
    notes = []
    if entry.is_required:
        notes.append("Required.")
    if entry.excludes:
        notes.append("Not together with " + ", ".join(entry.excludes) + ".")
    description = entry.description.rstrip(".") + "." if entry.description else ""
    return [".TP", tag, escaped(" ".join([description, *notes]).strip())]


def usage_of(command):
    words = command.usage.removeprefix(" ".join(command.words))
    return f"\\fB{escaped(' '.join(command.words))}\\fR{escaped(words)}"


def section(title, entries):
    lines = [line for entry in entries for line in row(entry)]
    return [f".SH {title}", *lines] if entries else []


def own_options(command):
    return [option for option in command.options if option.long_name != "--help"]


def subcommand_part(command):
    return [
        f".SS {escaped(' '.join(command.words[1:]))}",
        usage_of(command),
        ".PP",
        escaped(command.summary + "."),
        *[line for entry in command.positionals + own_options(command) for line in row(entry)],
    ]


def heading(name, edition, summary):
    return [
        f'.TH {escaped(name).upper()} 1 "{edition.date}" "coffer {edition.version}" "coffer"',
        ".SH NAME",
        f"{escaped(name)} \\- {escaped(summary[0].lower() + summary[1:].rstrip('.'))}",
    ]


def see_also(names):
    return [".SH SEE ALSO", ",\n".join(f"\\fB{escaped(name)}\\fR({part})" for name, part in names)]


def command_page(command, program, edition):
    lines = heading("-".join(command.words), edition, command.summary)
    lines += [".SH SYNOPSIS", usage_of(command)]
    lines += section("ARGUMENTS", command.positionals) + section("OPTIONS", own_options(command))
    lines += [".PP", "Options for every command stand in", "\\fBcoffer\\fR(1)."]
    if command.subcommands:
        lines.append(".SH COMMANDS")
    for subcommand in command.subcommands:
        lines += subcommand_part(subcommand)
    lines += [".SH EXIT STATUS", escaped(program.epilogue.removeprefix("Exit status: "))]
    return lines + see_also([("coffer", 1), ("coffer.toml", 5)])


def program_page(program, edition):
    lines = heading("coffer", edition, program.summary)
    lines += [".SH SYNOPSIS", usage_of(program), ".SH DESCRIPTION"]
    lines += ["Exports the items of primary and shared mailboxes through Microsoft Graph, keeps "
              "them encrypted and deduplicated in a store, and restores them.",
              "Each command has a page of its own."]
    lines += [".SH COMMANDS"]
    for command in program.subcommands:
        lines += [".TP", f"\\fBcoffer\\-{escaped(command.name)}\\fR(1)", escaped(command.summary)]
    lines += section("OPTIONS", program.options)
    lines += [".SH EXIT STATUS", escaped(program.epilogue.removeprefix("Exit status: "))]
    lines += [".SH ENVIRONMENT", ".TP", "\\fBCOFFER_CONFIG\\fR",
              "The configuration, unless \\fB\\-\\-config\\fR names one.", ".SH FILES"]
    for path, meaning in FILES:
        lines += [".TP", f"\\fI{escaped(path)}\\fR", escaped(meaning)]
    return lines + see_also([("coffer.toml", 5), ("coffer-admin", 8), ("systemd.time", 7)])


def main():
    program_path, directory = sys.argv[1], pathlib.Path(sys.argv[4])
    edition = Edition(version=sys.argv[2], date=sys.argv[3])
    program = read_program(program_path)
    directory.mkdir(parents=True, exist_ok=True)
    for stale in directory.glob("*.1"):
        stale.unlink()
    pages = {"coffer": program_page(program, edition)}
    for command in program.subcommands:
        pages["-".join(command.words)] = command_page(command, program, edition)
    for name, lines in pages.items():
        (directory / f"{name}.1").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
