#!/usr/bin/env python3
"""Single-bit flips over all files of a small store: the long form of tests/crash/bit_flip_test.cc.

Built with sanitizers (the asan preset) it shows that damage never makes the store crash or read
what it should not.
"""

import argparse
import os
import pathlib
import subprocess
import sys
import time


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--program", required=True, type=pathlib.Path, help="crash_bit_flips of any preset"
    )
    parser.add_argument("--runs", type=int, default=10_000, help="flips one at a time")
    parser.add_argument("--at-once", type=int, default=90_000, help="flips one in each pack")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()

    started = time.monotonic()
    environment = dict(os.environ)
    environment["COFFER_BIT_FLIPS"] = str(arguments.runs)
    environment["COFFER_BIT_FLIPS_AT_ONCE"] = str(arguments.at_once)
    environment["COFFER_SEED"] = str(arguments.seed)
    run = subprocess.run([arguments.program], env=environment, stdout=subprocess.PIPE, text=True)
    print(run.stdout, end="")
    tallies = [line.split() for line in run.stdout.splitlines() if line.startswith("bit-flips ")]
    flips = sum(int(tally[3]) for tally in tallies)
    found = sum(int(tally[5]) for tally in tallies)
    harmless = sum(int(tally[7]) for tally in tallies)
    enough = flips >= arguments.runs + arguments.at_once
    passed = run.returncode == 0 and enough and found + harmless == flips
    verdict = "passed" if passed else "FAILED"
    print(
        f"bit-flips {verdict}: {flips} flips, {found} found, {harmless} harmless in the index, "
        f"{time.monotonic() - started:.0f} s, seed {arguments.seed}"
    )
    sys.exit(0 if passed else 1)


if __name__ == "__main__":
    main()
