"""What `init` and the `key` commands promise: whoever was given a key is never shut out.

A vault is a store with keys beside it; an act is a command on it, with what must be true after it
has ended in any way, and after it was run once more.
"""

import copy
import shutil

from harness import expect


def whole_line(path):
    """The key that a file holds for people: empty unless all of it was written."""
    text = path.read_text() if path.exists() else ""
    return text.strip() if text.endswith("\n") else ""


class Vault:
    """A store below `home`, which is all that is put back between two runs, and its keys."""

    def __init__(self, coffer, directory):
        self.home = directory / "home"
        self.template = directory / "template"
        self.new_recovery = self.home / "new-recovery"
        self.new_key_file = self.home / "new-key"
        self.coffer = coffer
        self.coffer.store, self.coffer.index = self.home / "store", self.home / "index"
        self.passphrase = coffer.directory / "passphrase"
        self.key_file = coffer.directory / "key"
        self.new_passphrase = coffer.directory / "new-passphrase"
        self.new_passphrase.touch(mode=0o600)
        self.new_passphrase.write_text("another one, just as good\n")
        self.coffer.open_with(self.passphrase)
        self.prober = copy.copy(coffer)  # opens the store with any key
        self.prober.config = coffer.directory / "prober.toml"

    def fill(self):
        """A passphrase, a recovery key, a key file that is in use, one that is to be removed."""
        self.home.mkdir()
        self.recovery = self.coffer.run("init").summary["recovery_key"]
        self.coffer.run("key", "add", "--key-file", str(self.key_file))
        self.coffer.open_with(self.key_file)
        doomed = self.coffer.directory / "doomed"
        self.doomed_slot = self.coffer.run("key", "add", "--key-file", str(doomed)).summary["slot"]
        self.doomed = doomed.read_bytes()
        shutil.copytree(self.home, self.template)

    def put_back(self, is_empty):
        shutil.rmtree(self.home, ignore_errors=True)
        if is_empty:
            self.home.mkdir()
        else:
            shutil.copytree(self.template, self.home)

    def opens(self, key):
        """Whether this key does: a text, or bytes."""
        probe = self.coffer.directory / "probe"
        probe.unlink(missing_ok=True)
        probe.touch(mode=0o600)
        probe.write_bytes(key if isinstance(key, bytes) else f"{key}\n".encode())
        self.prober.open_with(probe)
        run = self.prober.run("key", "list", expect_status=None)
        expect(run.status in (0, 12), f"{run}: {run.told()}")
        return run.status == 0

    def expect_opens(self, key, whose, run):
        expect(self.opens(key), f"{whose} opens nothing any more after {run}: {run.told()}")

    def expect_slots_whole(self):
        for slot in self.coffer.run("key", "list").of_type("key_slot"):
            good = slot["copies"] == ["whole"] * 3 and not slot["problem"]
            expect(good, f"a slot was left by half: {slot}")


class Init:
    """Makes a store; its recovery key goes into a file, or is printed."""

    begins_empty = True

    def __init__(self, vault, into_file):
        self.vault = vault
        self.into_file = into_file
        self.name = "init into a file" if into_file else "init"
        self.words = ["init"]
        if into_file:
            self.words += ["--recovery-key-file", str(vault.new_recovery)]

    def prepare(self):
        self.vault.coffer.open_with(self.vault.passphrase)

    def told(self, run):
        if self.into_file:
            return whole_line(self.vault.new_recovery)
        summaries = [each for each in run.of_type("summary") if each["status"] == "complete"]
        return summaries[0]["recovery_key"] if summaries else ""

    def expect_kept(self, run):
        """After the first run, which was disturbed."""
        key = self.told(run)
        expect(key or run.status != 0, f"{run} told no recovery key")
        if key:
            self.vault.expect_opens(key, "the recovery key that was told", run)

    def expect_completes(self, again):
        vault = self.vault
        vault.coffer.run("snapshots")
        if again.status == 0:
            self.expect_kept(again)
        else:  # the one before had got so far
            precise = again.status == 2 and "there is a store at" in again.error["message"]
            expect(precise, f"{again}, once more: {again.told()}")
            second = vault.home / "second-recovery"
            vault.coffer.run("key", "recovery", "--recovery-key-file", str(second))
            vault.expect_opens(whole_line(second), "a new recovery key", again)
        vault.expect_slots_whole()


class KeyAct:
    """A `key` command; this one changes nothing for those who have a key."""

    begins_empty = False
    name = "key rotate"

    def __init__(self, vault):
        self.vault = vault
        self.words = ["key", "rotate"]

    def prepare(self):
        self.vault.coffer.open_with(self.vault.key_file)

    def keys_that_stay(self, run):
        """By whose they are."""
        vault = self.vault
        return {
            "the key in use": vault.key_file.read_bytes(),
            "the recovery key": vault.recovery,
            "another key file": vault.doomed,
        }

    def given(self, run):
        """The key that the run has handed out by now, if any."""
        return None

    def taken(self):
        """What opens nothing any more once the command has completed."""
        return None

    def is_done(self, again):
        """Whether this answer to the command run once more means that all is done."""
        return again.status == 0

    def expect_kept(self, run):
        for whose, key in self.keys_that_stay(run).items():
            self.vault.expect_opens(key, whose, run)
        key = self.given(run)
        if key:
            self.vault.expect_opens(key, "the new key", run)
        if run.status == 0 and self.taken():
            expect(not self.vault.opens(self.taken()), f"a key was not taken back by {run}")

    def expect_completes(self, again):
        expect(self.is_done(again), f"{again}, once more: {again.told()}")
        self.expect_kept(again)
        self.vault.expect_opens(self.vault.passphrase.read_bytes(), "the passphrase", again)
        self.vault.expect_slots_whole()


class AddPassphrase(KeyAct):
    name = "key add passphrase"

    def __init__(self, vault):
        super().__init__(vault)
        self.key = vault.new_passphrase
        self.words = ["key", "add", "--passphrase-file", str(self.key)]

    def given(self, run):
        return self.key.read_bytes() if self.is_done(run) else None

    def is_done(self, again):
        there = again.error and "opens slot" in again.error["message"]
        return again.status == 0 or (again.status == 2 and there)


class AddKeyFile(AddPassphrase):
    """The file is made, too."""

    name = "key add key file"

    def __init__(self, vault):
        super().__init__(vault)
        self.key = vault.new_key_file
        self.words = ["key", "add", "--key-file", str(self.key)]


class Remove(KeyAct):
    name = "key remove"

    def __init__(self, vault):
        super().__init__(vault)
        self.words = ["key", "remove", vault.doomed_slot]

    def keys_that_stay(self, run):
        stay = super().keys_that_stay(run)
        del stay["another key file"]
        return stay

    def taken(self):
        return self.vault.doomed

    def is_done(self, again):
        return again.status in (0, 5)


class Recovery(KeyAct):
    """A new recovery key, printed or into a file; until it is told, the old one opens the store."""

    def __init__(self, vault, into_file):
        super().__init__(vault)
        self.into_file = into_file
        self.name = "key recovery into a file" if into_file else "key recovery"
        self.words = ["key", "recovery"]
        if into_file:
            self.words += ["--recovery-key-file", str(vault.new_recovery)]

    def keys_that_stay(self, run):
        stay = super().keys_that_stay(run)
        if self.given(run):
            del stay["the recovery key"]
        return stay

    def given(self, run):
        if self.into_file:
            return whole_line(self.vault.new_recovery)
        told = run.of_type("recovery_key")
        return told[0]["recovery_key"] if told else None

    def taken(self):
        return self.vault.recovery

    def expect_completes(self, again):
        if again.status == 2 and self.into_file and self.vault.new_recovery.stat().st_size > 0:
            # A key stands there that somebody may rely on: it is not written over.
            expect("is there already" in again.error["message"], f"{again}: {again.told()}")
            self.expect_kept(again)
            aside = self.vault.new_recovery.with_suffix(".aside")
            self.vault.new_recovery.rename(aside)
            again = self.vault.coffer.run(*self.words)
            key = whole_line(aside)
            expect(not key or not self.vault.opens(key), "a key of before was not taken back")
        super().expect_completes(again)


def acts(vault):
    return [
        Init(vault, into_file=True),
        Init(vault, into_file=False),
        AddPassphrase(vault),
        AddKeyFile(vault),
        Remove(vault),
        KeyAct(vault),
        Recovery(vault, into_file=True),
        Recovery(vault, into_file=False),
    ]
