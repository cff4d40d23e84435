"""Makes the packages out of a build directory, as cpack does for a release."""

import argparse
import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
SKIPPED = 77  # what ctest takes for "skipped"


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, required=True, help="a finished build")
    parser.add_argument("--work", type=pathlib.Path, required=True, help="made anew")
    given = parser.parse_args()
    given.build, given.work = given.build.absolute(), given.work.absolute()
    return given


def require_tools(names):
    """Ends the test as skipped, and says why, if a tool is missing."""
    os.environ["PATH"] += f":/usr/sbin:/sbin:{ROOT / 'build' / 'tools'}"
    missing = [name for name in names if not shutil.which(name)]
    if missing:
        print(f"skipped: {', '.join(missing)} not found; packaging/dev deps installs them")
        sys.exit(SKIPPED)


def run(*words, **options):
    """What the command wrote to standard output. Fails with all that it wrote if it failed."""
    words = [str(word) for word in words]
    done = subprocess.run(words, capture_output=True, text=True, **options)
    if done.returncode != 0:
        said = f"{done.stdout}{done.stderr}"
        raise AssertionError(f"{' '.join(words)} ended with {done.returncode}:\n{said}")
    return done.stdout


def made_by_cpack(build, directory, generator, pattern, *definitions):
    directory.mkdir(parents=True, exist_ok=True)
    before = set(directory.glob(pattern))
    run("cpack", "-G", generator, "-B", directory, *definitions, cwd=build)
    (package,) = set(directory.glob(pattern)) - before
    return package


def make_deb(build, directory, release=1):
    definition = f"CPACK_DEBIAN_PACKAGE_RELEASE={release}"
    return made_by_cpack(build, directory, "DEB", "*.deb", "-D", definition)


def make_simulator(build, directory):
    return made_by_cpack(build, directory, "TGZ", "*.tar.gz")


def unpack(deb, directory):
    """The files of the package below the directory, its control files in DEBIAN."""
    run("dpkg-deb", "-R", deb, directory)
    return directory
