"""Shows that tests notice mistakes: each mutant is a source of the project with one change.

A mutant is compiled aside and linked in front of the tests, so neither the sources nor the build
change. One that every test passes has survived: a test is missing.

The scripts that say which mutants are called as SCRIPT BUILD [NAME...]: BUILD is a built preset
that links with ninja (build/release), the names are those of the only mutants or sources to try. They
end with status 1 if any survived. Tests are faster with TMPDIR=/dev/shm.
"""
import json
import os
import shlex
import subprocess
import sys
import tempfile

MOST_SECONDS = 300  # for one call of a test program; whoever needs longer has noticed


def run(command, **options):
    return subprocess.run(command, capture_output=True, text=True, **options)


def output_to(command, path):
    command = list(command)
    command[command.index("-o") + 1] = path
    return command


class Laboratory:
    """Where mutants are made and tried. `tests`: (program, arguments), in the order of trying."""

    def __init__(self, root, build, folder, tests):
        self.root = root
        self.build = build
        self.folder = folder
        self.tests = tests
        self.linking = {program: self.link_command(program) for program, _ in tests}
        with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as file:
            self.compiling = {
                os.path.relpath(entry["file"], root): entry["command"] for entry in json.load(file)
            }

    def link_command(self, program):
        """The build's own command; ninja wraps it in ": && COMMAND && :"."""
        commands = run(["ninja", "-C", self.build, "-t", "commands", program], check=True).stdout
        return shlex.split(commands.splitlines()[-1].removeprefix(": && ").removesuffix(" && :"))

    def text_of(self, source):
        with open(os.path.join(self.root, source), encoding="utf-8") as file:
            return file.read()

    def compile(self, source, text):
        """The object file; None if it does not compile."""
        changed = os.path.join(self.folder, os.path.basename(source))
        with open(changed, "w", encoding="utf-8") as file:
            file.write(text)
        compiled = changed.removesuffix(".cc") + ".o"
        command = output_to(shlex.split(self.compiling[source]), compiled)
        command[command.index("-c") + 1] = changed
        # What a mutant leaves unused is no mistake here.
        result = run(command + ["-O0", "-w"], cwd=self.build)
        if result.returncode != 0:
            print(result.stderr)
            return None
        return compiled

    def link(self, compiled):
        """The test programs, by the names that the build gives them."""
        programs = {}
        for name, linker in self.linking.items():
            programs[name] = os.path.join(self.folder, os.path.basename(name))
            command = output_to(linker, programs[name])
            # Before the library, whose own copy is then not wanted; nobody debugs it.
            command[command.index("-o"):command.index("-o")] = [compiled, "-Wl,--strip-debug"]
            run(command, cwd=self.build, check=True)
        return programs

    def survives(self, source, text):
        """Whether all tests pass with this text of the source; None if it does not compile."""
        compiled = self.compile(source, text)
        if compiled is None:
            return None
        programs = self.link(compiled)
        for name, arguments in self.tests:
            command = [programs[name], "--abort", *arguments]
            try:
                if run(command, timeout=MOST_SECONDS).returncode != 0:
                    return False
            except subprocess.TimeoutExpired:
                return False
        return True


def try_mutants(laboratory, source, mutants):
    """Gives a line for each that was not killed."""
    failures = []
    original = laboratory.text_of(source)
    if laboratory.survives(source, original) is not True:
        return [f"{source}: the tests fail without any mutation"]
    for name, (old, new) in mutants.items():
        if original.count(old) != 1:
            failures.append(f"{name}: {source} has {original.count(old)} times {old!r}")
            continue
        outcome = laboratory.survives(source, original.replace(old, new))
        words = {True: "SURVIVED", False: "killed", None: "does not compile"}[outcome]
        print(f"{source}: {name}: {words}", flush=True)
        if outcome is not False:
            failures.append(f"{source}: {name}: {words}")
    return failures


def main(mutants, tests):
    """`mutants`: source -> name -> (what stands there, what stands there instead)."""
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    build = os.path.abspath(sys.argv[1])
    wanted = sys.argv[2:]
    tried = 0
    failures = []
    with tempfile.TemporaryDirectory() as folder:
        laboratory = Laboratory(root, build, folder, tests)
        for source, of_source in mutants.items():
            whole = not wanted or source in wanted
            chosen = {name: of_source[name] for name in of_source if whole or name in wanted}
            tried += len(chosen)
            if chosen:
                failures += try_mutants(laboratory, source, chosen)
    print(f"{tried} mutants, {tried - len(failures)} killed")
    for failure in failures:
        print(failure)
    return 1 if failures else 0
