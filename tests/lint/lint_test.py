#!/usr/bin/env python3
"""Plants a breach of each rule in a small tree and checks that lint.py sees it, and nothing else."""
import os
import shutil
import sys

sys.dont_write_bytecode = True
import lint

HEADER = "// Promises.\n#pragma once\n"
CLEAN = {
    "CMakeLists.txt": "project(x)\n",
    "src/base/text.h": HEADER + "#include <fmt/format.h>\n\n#include <string>\n",
    "src/base/clock.cc": "auto now = std::chrono::system_clock::now();\n",
    "src/http/transport.h": HEADER + '#include "src/base/text.h"\n',
    "src/http/curl_transport.cc": '#include "src/http/transport.h"\n\n#include <curl/curl.h>\n\n'
                                  "#include <unistd.h>\n#include <vector>\n",
    "src/http/curl_mail_transport.cc": "#include <curl/curl.h>\n",
    "store/backends/s3.cc": '#include "src/http/transport.h"\n',
    "tests/unit/http/transport_test.cc": '#include "src/http/transport.h"\n\n#include <curl/curl.h>\n',
    "tests/unit/http/other_test.cc": "#include <curl/curl.h>\n",
    "src/cli/main.cc": '#include "src/http/transport.h"\n',
    "schedules/time_zone.h": HEADER,
    "schedules/time_zone.cc": '#include "schedules/time_zone.h"\n\n#include "src/base/text.h"\n\n'
                              "#include <date/tz.h>\n",
    "src/jobs/retention_job.cc": '#include "schedules/time_zone.h"\n',
}
# Name of the breach: the file, its content, the words that the complaint must hold.
BREACHES = {
    "base includes http": ("src/base/a.cc", '#include "src/http/transport.h"\n', "must not include"),
    "store includes http": ("store/a.cc", '#include "src/http/transport.h"\n', "must not include"),
    "product includes tests": ("src/cli/a.cc", '#include "tests/unit/http/other_test.cc"\n', "tests"),
    "folder outside the layers": ("src/new/a.cc", '#include "src/base/text.h"\n', "no place"),
    "web-status includes store": ("web-status/a.cc", '#include "store/backends/s3.cc"\n',
                                  "must not include"),
    "schedules includes store": ("schedules/a.cc", '#include "store/backends/s3.cc"\n',
                                 "must not include"),
    "schedules includes jobs": ("schedules/a.cc", '#include "src/jobs/retention_job.cc"\n',
                                "must not include"),
    "store includes schedules": ("store/a.cc", '#include "schedules/time_zone.h"\n',
                                 "must not include"),
    "date outside schedules": ("src/jobs/a.cc", "#include <date/date.h>\n", "must not use date"),
    "date in two files": ("schedules/a.cc", "#include <date/date.h>\n", "one is the rule"),
    "path not from the root": ("src/http/a.cc", '#include "transport.h"\n', "no file of the project"),
    "library in a header": ("src/graph/a.h", HEADER + "#include <simdjson.h>\n", ".cc files"),
    "library of another layer": ("src/backup/a.cc", "#include <zstd.h>\n", "must not use zstd"),
    "library in two files": ("src/http/a.cc", "#include <curl/curl.h>\n", "one is the rule"),
    "unknown library": ("src/http/a.cc", "#include <uv.h>\n", "unknown library"),
    "standard before project": ("src/http/a.cc", '#include <string>\n#include "src/base/text.h"\n',
                                "include order"),
    "own header not first": ("src/http/transport.cc", '#include "src/base/text.h"\n'
                             '#include "src/http/transport.h"\n', "include order"),
    "file too long": ("src/http/a.cc", "int x;\n" * 501, "501 lines"),
    "line too long": ("src/http/a.cc", "// " + "x" * 98 + "\n", "101 columns"),
    "open end": ("packaging/a.sh", "# TO" "DO: later\n", "open end"),
    "name that says nothing": ("src/http/string_utils.cc", "", "says nothing"),
    "folder that says nothing": ("src/common/a.cc", "", "says nothing"),
    "stranger in the root": ("notes.md", "", "root"),
    "header without a promise": ("src/http/a.h", "#pragma once\n", "begins with a comment"),
    "header without a guard": ("src/http/a.h", "// Promises.\n", "pragma once"),
    "macro": ("src/http/a.cc", "#define MAX(a, b) a\n", "macros"),
    "test that sleeps": ("tests/unit/a_test.cc", "std::this_thread::sleep_for(1s);\n", "sleeps"),
    "clock read aside": ("src/jobs/a.cc", "auto t = std::chrono::steady_clock::now();\n", "clock"),
}


def write_tree(root, files):
    shutil.rmtree(root, ignore_errors=True)
    for path, content in files.items():
        os.makedirs(os.path.dirname(os.path.join(root, path)) or root, exist_ok=True)
        with open(os.path.join(root, path), "w", encoding="utf-8") as file:
            file.write(content)


def complaints(root, files):
    write_tree(root, files)
    return [f"{path}:{number}: {problem}" for path, number, problem in lint.violations(root)]


def main():
    root = os.path.join(sys.argv[1], f"lint-test-{os.getpid()}")
    failures = [f"the clean tree: {line}" for line in complaints(root, CLEAN)]
    for name, (path, content, words) in BREACHES.items():
        found = complaints(root, {**CLEAN, path: content})
        if not any(words in line for line in found):
            failures.append(f"{name}: not seen ({found})")
        failures += [f"{name}: {line}" for line in found if words not in line]
    shutil.rmtree(root)
    for failure in failures:
        print(failure)
    print(f"{len(BREACHES)} breaches planted, {len(failures)} mistakes")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
