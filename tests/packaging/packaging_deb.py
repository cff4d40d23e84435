#!/usr/bin/env python3
"""The Debian package and the tarball, without installing them: what is in them, and what the tools
that will read it say."""

import gzip
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import unittest

import packages
from packages import ROOT, run

sys.path.insert(0, str(ROOT / "packaging" / "completions"))

import completions  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
TOOLS = ["cpack", "dpkg-deb", "dpkg-shlibdeps", "lintian", "systemd-analyze", "man", "mandoc",
         "zsh", "promtool"]
MODES = {"etc/coffer/coffer.toml": 0o640, "usr/bin/coffer": 0o755, "usr/sbin/coffer-admin": 0o755}
GIVEN = packages.arguments()


def setUpModule():
    shutil.rmtree(GIVEN.work, ignore_errors=True)
    Package.deb = packages.make_deb(GIVEN.build, GIVEN.work / "deb")
    Package.tarball = packages.make_simulator(GIVEN.build, GIVEN.work / "tarball")
    Package.root = packages.unpack(Package.deb, GIVEN.work / "unpacked")
    Package.program = Package.root / "usr" / "bin" / "coffer"


class Package:
    """What setUpModule made."""


class Deb(unittest.TestCase):
    def test_lintian_finds_no_error(self):
        run("lintian", "--allow-root", "--fail-on", "error,warning", Package.deb)

    def test_it_depends_on_what_it_runs_with(self):
        control = (Package.root / "DEBIAN" / "control").read_text()
        depends = re.search(r"^Depends: (.*)$", control, re.M).group(1)
        for name in ("systemd", "tzdata", "ca-certificates", "librocksdb", "libcurl4", "libssl3"):
            self.assertIn(name, depends)
        self.assertNotIn("simulator", control)

    def test_only_the_configuration_is_a_configuration_file(self):
        conffiles = (Package.root / "DEBIAN" / "conffiles").read_text().split()
        self.assertEqual(conffiles, ["/etc/coffer/coffer.toml"])

    def test_files_belong_to_root_and_are_closed_where_they_should_be(self):
        listing = run("dpkg-deb", "-c", Package.deb)
        for line in listing.splitlines():
            self.assertIn(" root/root ", line)
        for name, mode in MODES.items():
            self.assertEqual((Package.root / name).stat().st_mode & 0o7777, mode, name)
        self.assertNotIn("simulator", listing)
        self.assertNotIn("/var/lib/coffer", listing)  # removal would look into it

    def test_the_program_is_stripped_and_runs(self):
        self.assertNotIn(".debug_info", run("readelf", "-SW", Package.program))
        self.assertRegex(run(Package.program, "--version"), r"\d+\.\d+\.\d+")

    def test_maintainer_scripts_are_shell_that_a_shell_takes(self):
        for name in ("postinst", "prerm", "postrm"):
            run("sh", "-n", Package.root / "DEBIAN" / name)
        run("sh", "-n", Package.root / "usr" / "sbin" / "coffer-admin")

    def test_removal_names_nothing_that_holds_data(self):
        for name in ("prerm", "postrm"):
            for line in (Package.root / "DEBIAN" / name).read_text().splitlines():
                if re.match(r"\s*(rm|find|userdel|deluser)\b", line):
                    self.assertNotRegex(line, "/var|credentials|-r")

    def test_the_example_configuration_is_one(self):
        for text in self.example_and_all_of_it():
            path = GIVEN.work / "example.toml"
            path.write_text(text)
            done = subprocess.run(
                [Package.program, "--config", path, "mailboxes"], capture_output=True, text=True
            )
            # All is read and checked before the first secret is missed.
            self.assertIn("names the credential 'store-passphrase'", done.stderr)
            self.assertEqual(done.returncode, 2, done.stderr)

    def example_and_all_of_it(self):
        text = (Package.root / "etc" / "coffer" / "coffer.toml").read_text()
        yield text
        # With every line that is commented out, but for the alternative to the certificate.
        lines = [line for line in text.splitlines() if "client_secret_file" not in line]
        yield "\n".join(re.sub(r"^# (?=\[|\w+ = )", "", line) for line in lines)

    def test_the_tarball_has_the_simulated_tenant(self):
        directory = GIVEN.work / "tried"
        with tarfile.open(Package.tarball) as tarball:
            tarball.extractall(directory)
        self.assertEqual(len(list(directory.iterdir())), 1)
        (program,) = directory.glob("*/coffer-simulator")
        self.assertIn("simulated", run(program, "--help"))
        self.assertTrue((program.parent / "README.md").exists())


class Unit(unittest.TestCase):
    unit = "usr/lib/systemd/system/coffer.service"

    def test_systemd_understands_every_line(self):
        # It looks whether the program and the manual pages are there.
        text = (Package.root / self.unit).read_text()
        copy = GIVEN.work / "unit" / "coffer.service"
        copy.parent.mkdir(exist_ok=True)
        copy.write_text(text.replace("/usr/bin/coffer", str(Package.program)))
        environment = {**os.environ, "MANPATH": f"{Package.root}/usr/share/man:"}
        done = subprocess.run(
            ["systemd-analyze", "verify", copy], capture_output=True, text=True, env=environment
        )
        self.assertEqual((done.stderr, done.returncode), ("", 0))

    def test_it_is_exposed_no_more_than_it_has_to_be(self):
        run("systemd-analyze", "security", "--offline=true", "--threshold=15",
            Package.root / self.unit)

    def test_each_credential_may_be_missing(self):
        text = (Package.root / self.unit).read_text()
        loaded = re.findall(r"^LoadCredential=([^:]+):/etc/coffer/credentials/(.+)$", text, re.M)
        self.assertTrue(loaded)
        self.assertEqual([name for name, _ in loaded], [file for _, file in loaded])
        self.assertEqual(
            re.findall(r"^SetCredential=(.*)$", text, re.M), [f"{name}:\\n" for name, _ in loaded]
        )
        page = gzip.open(Package.root / "usr/share/man/man5/coffer.toml.5.gz", "rt").read()
        for name, _ in loaded:
            self.assertIn(name.replace("-", "\\-"), page)


class ManualPages(unittest.TestCase):
    pages = property(lambda _: sorted((Package.root / "usr/share/man").glob("*/*.gz")))

    def test_each_command_has_one_that_says_what_its_help_says(self):
        commands = completions.read_program(str(Package.program)).subcommands
        self.assertGreater(len(commands), 15)
        for command in commands:
            page = Package.root / f"usr/share/man/man1/coffer-{command.name}.1.gz"
            shown = run("man", "-l", page, env={**os.environ, "MANWIDTH": "500"})
            for option in command.options + command.positionals:
                if option.long_name != "--help":
                    self.assertIn(option.long_name, shown)
                    self.assertIn(option.description.rstrip("."), shown)

    def test_no_formatter_warns(self):
        environment = {**os.environ, "LC_ALL": "C.UTF-8", "MANROFFSEQ": "", "MANWIDTH": "80"}
        for page in self.pages:
            run("mandoc", "-T", "lint", "-W", "warning", page)
            done = subprocess.run(
                ["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", page],
                capture_output=True, text=True, env=environment,
            )
            self.assertEqual((done.stderr, done.returncode), ("", 0), page)

    def test_no_key_of_the_configuration_is_left_out(self):
        page = gzip.open(Package.root / "usr/share/man/man5/coffer.toml.5.gz", "rt").read()
        source = (ROOT / "src" / "daemon" / "configuration.cc").read_text()
        keys = set(re.findall(r'(?:text|texts|truth|number|duration|size|required_text|'
                              r'text_or_texts|read_file_key|read_url)\((?:\w+, place, |\w+, )?'
                              r'"(\w+)"', source))
        self.assertGreater(len(keys), 30)
        for key in keys:
            self.assertIn(f"\\fB{key}\\fR", page)


class Completions(unittest.TestCase):
    def bash(self, *words):
        script = Package.root / "usr/share/bash-completion/completions/coffer"
        return run("bash", "--norc", HERE / "ask_bash.sh", script, *words).split()

    def zsh(self, line):
        folder = Package.root / "usr/share/zsh/vendor-completions"
        return run("zsh", "-f", HERE / "ask_zsh.zsh", folder, line, timeout=60)

    def test_bash_offers_commands_options_and_values(self):
        self.assertEqual(self.bash("coffer", "ba"), ["backup"])
        self.assertEqual(self.bash("coffer", "check", "--re"), ["--repair"])
        self.assertEqual(
            self.bash("coffer", "check", "--level", ""), ["structure", "scrub", "full"])
        self.assertEqual(self.bash("coffer", "--config", "x", "--json", "key", "ad"), ["add"])
        self.assertEqual(self.bash("coffer", "key", "add", "--pa"), ["--passphrase-file"])
        self.assertEqual(self.bash("coffer", "--config", "/etc/hostn"), ["/etc/hostname"])
        # A value is no command.
        self.assertEqual(self.bash("coffer", "find", "--subject", "key", "--ty"), ["--type"])
        self.assertEqual(self.bash("coffer-admin", "ba"), ["backup"])

    def test_zsh_offers_commands_options_and_values(self):
        self.assertIn("coffer backup", self.zsh("coffer ba"))
        self.assertRegex(self.zsh("coffer check --level "), r"full +scrub +structure")
        self.assertIn("remove", self.zsh("coffer key "))
        self.assertIn("--passphrase-file", self.zsh("coffer key add --pa"))

    def test_the_values_are_those_of_the_program(self):
        """Asked with a value that cannot be right, it tells those that can."""
        for (command, option), values in completions.VALUES.items():
            required = {"restore": ["anna@contoso.com"], "account add": ["anna"]}
            done = subprocess.run(
                [Package.program, *command.split(), *required.get(command, []), option, "wrong"],
                capture_output=True, text=True,
            )
            self.assertIn(f"{option} takes {', '.join(values)}, not", done.stderr)


class Guide(unittest.TestCase):
    """OPERATIONS.md as the package brings it; its `coffer ...` are tried by e2e_operations."""

    def commands(self):
        text = (Package.root / "usr/share/doc/coffer/OPERATIONS.md").read_text()
        for words in re.findall(r"(?:^|`)coffer-admin ([a-z][^`\n#]*)", text, re.M):
            yield words.split()

    def test_each_command_is_one_of_the_program(self):
        program = completions.read_program(str(Package.program))
        self.assertGreater(len(list(self.commands())), 8)
        for words in self.commands():
            self.check(program, words)

    def check(self, command, words):
        options = list(command.options)
        while words and (below := {each.name: each for each in command.subcommands}):
            self.assertIn(words[0], below)
            command, words = below[words[0]], words[1:]
            options += command.options
        known = {name for option in options for name in option.names}
        self.assertLessEqual({word for word in words if word.startswith("-")}, known)

    def test_names_of_permissions_credentials_and_files_are_right(self):
        text = (Package.root / "usr/share/doc/coffer/OPERATIONS.md").read_text()
        permissions = re.findall(r"^\| `(\w+\.[\w.]+)` \|", text, re.M)
        self.assertEqual(len(permissions), 8)
        asked_for = (ROOT / "src" / "daemon" / "rights_readiness.cc").read_text()
        for permission in permissions:
            self.assertIn(f'"{permission}"', asked_for)
        unit = (Package.root / Unit.unit).read_text()
        for name in re.findall(r"credential:([\w.-]+)", text):
            self.assertIn(f"LoadCredential={name}:", unit)
        (version,) = re.findall(r"^apt-get install \./(coffer_\S+)$", text, re.M)
        self.assertEqual(version.rsplit("_", 1)[0], Package.deb.name.rsplit("_", 1)[0])


class Monitoring(unittest.TestCase):
    examples = "usr/share/doc/coffer/examples"

    def test_prometheus_takes_the_alerts_and_they_fire_when_they_should(self):
        run("promtool", "check", "config", Package.root / self.examples / "scrape.yml")
        run("promtool", "check", "rules", Package.root / self.examples / "coffer-alerts.yml")
        run("promtool", "test", "rules", ROOT / "packaging/prometheus/coffer-alerts_test.yml")

    def test_every_expression_of_the_dashboard_is_one(self):
        dashboard = json.loads((Package.root / self.examples / "coffer.json").read_text())
        expressions = [each["expr"] for panel in dashboard["panels"] for each in panel["targets"]]
        self.assertGreater(len(expressions), 10)
        rules = GIVEN.work / "dashboard.yml"
        rules.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": [
            {"record": f"panel:{number}", "expr": expression
                .replace("$__rate_interval", "5m").replace("$instance", ".*")}
            for number, expression in enumerate(expressions)
        ]}]}))
        run("promtool", "check", "rules", rules)

    def test_panels_have_ids_of_their_own_and_do_not_overlap(self):
        panels = json.loads((Package.root / self.examples / "coffer.json").read_text())["panels"]
        self.assertEqual(len({panel["id"] for panel in panels}), len(panels))
        taken = set()
        for panel in panels:
            at = panel["gridPos"]
            cells = {(x, y) for x in range(at["x"], at["x"] + at["w"])
                     for y in range(at["y"], at["y"] + at["h"])}
            self.assertFalse(cells & taken, panel["title"])
            self.assertLessEqual(at["x"] + at["w"], 24)
            taken |= cells

    def test_only_metrics_that_there_are_and_each_of_them(self):
        """The names are an interface: those of the alerts and of the dashboard are all of them."""
        used = set()
        for name in ("coffer-alerts.yml", "coffer.json"):
            text = (Package.root / self.examples / name).read_text()
            used |= set(re.findall(r"\bcoffer_\w+", text))
        self.assertEqual(used, {
            "coffer_backup_last_success_timestamp_seconds", "coffer_mailboxes",
            "coffer_items_total", "coffer_graph_requests_total", "coffer_throttled_seconds_total",
            "coffer_store_bytes", "coffer_dedup_ratio", "coffer_jobs", "coffer_check_errors_total",
            "coffer_oldest_unverified_seconds",
        })


if __name__ == "__main__":
    packages.require_tools(TOOLS)
    unittest.main(argv=[sys.argv[0], "-v"])
