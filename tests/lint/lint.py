#!/usr/bin/env python3
"""Checks what compilers do not: who includes whom, where third-party headers stand, names, sizes.

Usage: lint.py ROOT. Prints a line a violation and ends with status 1 if there is any.
The rules are those of src/ARCHITECTURE.md and CONTRIBUTING.md; lint_test.py plants a breach of each.
"""
import os
import re
import sys

# Component: the project folders it may include, the libraries it may use. Everything may include
# itself; None means anything. A component is a folder directly below src, or a folder of the root.
COMPONENTS = {
    "src/base": ([], ["fmt", "spdlog", "openssl"]),
    "src/http": (["src/base"], ["curl"]),
    "src/graph": (["src/http", "src/base"], ["simdjson", "openssl"]),
    "src/catalog": (["store", "src/base"], ["sqlite3"]),
    "src/backup": (["src/graph", "src/catalog", "store", "src/base"], []),
    "src/restore": (["src/graph", "src/catalog", "store", "src/base"], []),
    "src/jobs": (["src/backup", "src/restore", "src/catalog", "store", "schedules", "src/base"],
                 ["nlohmann"]),
    "src/daemon": (None, ["toml++", "systemd"]),
    "src/cli": (None, ["CLI", "systemd"]),
    "store": (["src/base"], ["rocksdb", "zstd", "sodium", "isa-l", "openssl"]),
    "schedules": (["src/base"], ["date"]),
    "web-status": (["src/base"], ["boost", "nlohmann", "prometheus", "sodium"]),
}
# The object storage backends of the store speak HTTP; the rest of the store does not.
EXTRA_INCLUDES = {"store/backends/": ["src/http"]}
# Libraries that are used in more than one file of a folder, each for something of its own: fmt builds
# all texts; libcurl speaks two protocols that share nothing but its handles.
SEVERAL_FILES = {("src/base", "fmt"): None,
                 ("src/http", "curl"): {"src/http/curl_transport.cc", "src/http/curl_mail_transport.cc"}}
TESTS = "tests"  # may include and use everything
# The one third-party header that project headers may include (base::text is a template).
HEADER_EXCEPTIONS = {("src/base/text.h", "fmt")}

LIBRARIES = {"benchmark", "boost", "catch2", "CLI", "curl", "date", "fmt", "isa-l", "nlohmann",
             "openssl", "prometheus", "rocksdb", "simdjson", "sodium", "spdlog", "sqlite3", "systemd",
             "toml++", "zstd"}
# Headers with a suffix or folder that come with the system; a standard C++ header has neither.
SYSTEM = re.compile(r"(sys|arpa|net|netinet|linux)/\w+\.h|(dirent|dlfcn|fcntl|grp|ifaddrs|netdb|poll|pthread|"
                    r"pwd|sched|signal|spawn|stdlib|string|strings|syslog|termios|unistd)\.h")

ROOT_ENTRIES = {"CMakeLists.txt", "CMakePresets.json", "README.md", "CHANGELOG.md", "CONTRIBUTING.md",
                "LICENSE", "src", "store", "schedules", "web-status", "tests", "packaging", ".ci",
                ".clang-format", ".clang-tidy", ".gitignore", ".git", "build"}
IGNORED_FOLDERS = {".git", "build", "node_modules", "__pycache__"}
SOURCES = (".h", ".cc")
CHECKED_TEXTS = SOURCES + (".py", ".sh", ".mjs", ".js", ".cmake", ".txt")
BANNED_NAME = re.compile(r"(^|[_.-])(utils?|helpers?|managers?|common)([_.-]|$)")
UNDECIDED = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")
INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)')
LONGEST_FILE = 500
LONGEST_LINE = 100
# Time comes from base::Clock everywhere; nobody sleeps, tests included.
CLOCK_FILE = "src/base/clock.cc"
SLEEP = re.compile(r"\bthis_thread::sleep|\b(?:nano|u)sleep\s*\(")
READS_CLOCK = re.compile(r"\b(?:system|steady|high_resolution)_clock::now\b")


def component_of(path):
    if path.startswith(TESTS + "/"):
        return TESTS
    parts = path.split("/")
    return "/".join(parts[:2]) if parts[0] == "src" else parts[0]


def library_of(header):
    """The third-party library of an angle-bracket include; None for the system, "?" if unknown."""
    first = re.split(r"[/_.]", header)[0]
    if first in LIBRARIES:
        return first
    if SYSTEM.fullmatch(header) or ("/" not in header and "." not in header):
        return None
    return "?"


def check_project_include(path, header, exists):
    if not exists(header):
        return f'"{header}" is no file of the project (paths start at the root)'
    component, target = component_of(path), component_of(header)
    if component in (target, TESTS):
        return None
    if target == TESTS:
        return f'"{header}" belongs to the tests'
    if component not in COMPONENTS:
        return f"{component} has no place in the layers: add it to tests/lint/lint.py"
    allowed = COMPONENTS[component][0]
    extra = [more for folder, more in EXTRA_INCLUDES.items() if path.startswith(folder)]
    if allowed is None or target in allowed + sum(extra, []):
        return None
    return f'{component} must not include {target} ("{header}")'


def check_library(path, header, library):
    component = component_of(path)
    if library == "?":
        return f"<{header}>: unknown library, add it to tests/lint/lint.py"
    if component == TESTS or (path, library) in HEADER_EXCEPTIONS:
        return None
    if library not in COMPONENTS.get(component, (None, []))[1]:
        return f"{component} must not use {library} (<{header}>)"
    if path.endswith(".h"):
        return f"<{header}>: third-party headers belong in .cc files"
    return None


def check_includes(path, lines, exists, users):
    """Notes in `users` which file uses which library."""
    own = re.sub(r"(_test)?\.cc$", ".h", path)
    previous_rank = 0
    for number, line in enumerate(lines, 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        project, angle = match.groups()
        if project:
            rank = 0 if project == own else 1
            problem = check_project_include(path, project, exists)
        else:
            library = library_of(angle)
            rank = 2 if library else 3
            problem = check_library(path, angle, library) if library else None
            if library and component_of(path) != TESTS:
                users.setdefault((component_of(path), library), set()).add(path)
        if problem:
            yield number, problem
        if rank < previous_rank:
            yield number, "include order is: own header, project, third party, standard"
        previous_rank = rank


def check_source(path, lines):
    if path.endswith(".h") and not (lines and lines[0].startswith("// ")):
        yield 1, "a header begins with a comment that says what it promises"
    if path.endswith(".h") and "#pragma once" not in lines:
        yield 1, "a header needs #pragma once"
    for number, line in enumerate(lines, 1):
        if len(line) > LONGEST_LINE and 'R"' not in line:  # a raw string cannot be broken
            yield number, f"{len(line)} columns; {LONGEST_LINE} are allowed"
        if re.match(r"\s*#\s*define\s+\w+\(", line):
            yield number, "no macros with parameters"
        if path != CLOCK_FILE and SLEEP.search(line):
            yield number, "only base::SystemClock sleeps"
        if path != CLOCK_FILE and component_of(path) != TESTS and READS_CLOCK.search(line):
            yield number, "only base::SystemClock reads the machine's clock"


def check_text(path, lines):
    if len(lines) > LONGEST_FILE:
        yield 1, f"{len(lines)} lines; {LONGEST_FILE} are allowed"
    for number, line in enumerate(lines, 1):
        if UNDECIDED.search(line):
            yield number, "an open end without its decision"


def files_of(root):
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in IGNORED_FOLDERS)
        for name in sorted(names):
            yield os.path.relpath(os.path.join(folder, name), root).replace(os.sep, "/")


def may_be_several(component, library, paths):
    key = (component, library)
    return key in SEVERAL_FILES and (SEVERAL_FILES[key] is None or paths <= SEVERAL_FILES[key])


def violations(root):
    for entry in sorted(os.listdir(root)):
        if entry not in ROOT_ENTRIES:
            yield entry, 1, "does not belong in the root"
    users = {}
    exists = lambda path: os.path.isfile(os.path.join(root, path))
    for path in files_of(root):
        if any(BANNED_NAME.search(part) for part in path.split("/")):
            yield path, 1, "this name says nothing: what is it for?"
        if not path.endswith(CHECKED_TEXTS):
            continue
        with open(os.path.join(root, path), encoding="utf-8") as file:
            lines = file.read().splitlines()
        found = list(check_text(path, lines))
        if path.endswith(SOURCES):
            found += list(check_source(path, lines)) + list(check_includes(path, lines, exists, users))
        yield from ((path, number, problem) for number, problem in found)
    for (component, library), paths in sorted(users.items()):
        if len(paths) > 1 and not may_be_several(component, library, paths):
            for path in sorted(paths):
                yield path, 1, f"{component} uses {library} in {len(paths)} files; one is the rule"


def main():
    count = 0
    for path, number, problem in violations(sys.argv[1]):
        print(f"{path}:{number}: {problem}")
        count += 1
    print(f"{count} violations")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
