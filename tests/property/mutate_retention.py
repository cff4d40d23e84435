#!/usr/bin/env python3
"""Shows that the tests of the retention planner would notice a mistake in it.

Usage: mutate_retention.py BUILD [NAME...], where BUILD is a built preset (build/release) and the
names are those of the only mutants to try. Each mutant is schedules/retention.cc with one change; it
is compiled aside and linked in front of the tests, so neither the sources nor the build change. A
mutant that every test passes has survived: a test is missing. Ends with status 1 if any did.
"""
import json
import os
import shlex
import subprocess
import sys
import tempfile

SOURCE = "schedules/retention.cc"
TESTS = ["tests/unit/unit_schedules", "tests/property/property_retention"]

# Name of the mutant: what stands in the source, what stands there instead. All places are changed
# where the text stands more than once, unless a number says which.
MUTANTS = {
    # What a bucket is.
    "hours of UTC": ("floor<std::chrono::hours>(time + offset) - offset;", "floor<std::chrono::hours>(time);"),
    "a repeated hour is one": ("floor<std::chrono::hours>(time + offset) - offset;",
                               "floor<std::chrono::hours>(time + offset);"),
    "hours are rounded": ("floor<std::chrono::hours>", "round<std::chrono::hours>"),
    "dates of UTC": ("floor<std::chrono::days>(time + offset)", "floor<std::chrono::days>(time)"),
    "offset the wrong way": ("floor<std::chrono::days>(time + offset)",
                             "floor<std::chrono::days>(time - offset)"),
    "days are cut towards zero": ("floor<std::chrono::days>(time + offset)",
                                  "time_point_cast<std::chrono::days>(time + offset)"),
    "weeks begin on Sunday": ("std::chrono::days{3}", "std::chrono::days{4}"),
    "weeks begin on Tuesday": ("std::chrono::days{3}", "std::chrono::days{2}"),
    "weeks are cut towards zero": ("floor<std::chrono::weeks>(since_monday)",
                                   "duration_cast<std::chrono::weeks>(since_monday)"),
    "months of all years alike": ("int{date.year()}} * 12", "int{date.year()}} * 0"),
    "months overlap": ("int{date.year()}} * 12", "int{date.year()}} * 11"),
    "months are years": ("+ unsigned{date.month()}", "+ 0"),
    "offset of now": ("zone.offset_at(time)", "zone.offset_at(now_)"),
    "zone is UTC": ("const TimeZone zone{rules.time_zone};", 'const TimeZone zone{"UTC"};'),
    # Which rule does what.
    "hourly counts days": ("Reason::hourly, hour_of", "Reason::hourly, day_of"),
    "daily counts hours": ("Reason::daily, day_of", "Reason::daily, hour_of"),
    "weekly counts days": ("Reason::weekly, week_of", "Reason::weekly, day_of"),
    "monthly counts weeks": ("Reason::monthly, month_of", "Reason::monthly, week_of"),
    "yearly counts months": ("Reason::yearly, year_of", "Reason::yearly, month_of"),
    "hourly takes daily's count": ("&RetentionRules::keep_hourly, Reason", "&RetentionRules::keep_daily, Reason"),
    "yearly takes monthly's count": ("&RetentionRules::keep_yearly, Reason",
                                     "&RetentionRules::keep_monthly, Reason"),
    "keep_last dropped": ("if (rules.keep_last) draft", "if (false) draft"),
    "calendar rules dropped": ("draft.keep_calendar(*count, rule, zone);", "{}"),
    "keep_within dropped": ("if (rules.keep_within) draft", "if (false) draft"),
    "newest not kept": ("draft.keep_newest();", ""),
    "minimum age dropped": ("draft.keep_young(rules.minimum_age);", ""),
    "holds and future dropped": ("draft.keep_held_and_future();", ""),
    "holds dropped": ("if (series_[place].held) keep", "if (false) keep"),
    "future not kept": ("if (series_[place].time > now_) keep", "if (false) keep"),
    "now is the future": ("if (series_[place].time > now_) keep", "if (series_[place].time >= now_) keep"),
    "no rules remove": ("if (!configured) draft.keep_all();", ""),
    "everything always kept": ("if (!configured) draft.keep_all();", "draft.keep_all();"),
    # Order and edges.
    "the future counts": ("return series[place].time <= now;", "return true;"),
    "now does not count": ("return series[place].time <= now;", "return series[place].time < now;"),
    "oldest first": ("std::tie(series[left].time, series[left].id) >",
                     "std::tie(series[left].time, series[left].id) <"),
    "ids do not matter": ("std::tie(series[left].time, series[left].id) >\n"
                          "             std::tie(series[right].time, series[right].id)",
                          "series[left].time > series[right].time"),
    "ids before times": ("std::tie(series[left].time, series[left].id) >\n"
                         "             std::tie(series[right].time, series[right].id)",
                         "series[left].id > series[right].id"),
    "keep_last is one bucket": ("buckets[place] = --rank;", "buckets[place] = rank;"),
    "keep_last counts from the oldest": ("buckets[place] = --rank;", "buckets[place] = ++rank;"),
    "within ends before its edge": ("series_[place].time >= now_ - duration", "series_[place].time > now_ - duration"),
    "within the other way": ("series_[place].time >= now_ - duration", "series_[place].time <= now_ - duration"),
    "minimum age holds at its edge": ("series_[place].time > now_ - minimum_age",
                                      "series_[place].time >= now_ - minimum_age"),
    "newest may be incomplete": ("if (series_[place].complete) return keep(place, Reason::newest_complete);",
                                 "return keep(place, Reason::newest_complete);"),
    "incomplete ones do not await": ("keep(place, Reason::awaits_complete);", ";"),
    "all incomplete ones await": ("if (place == newest_first_.front()) keep", "keep"),
    "all complete ones are newest": ("return keep(place, Reason::newest_complete);",
                                     "keep(place, Reason::newest_complete);"),
    # Buckets.
    "buckets of any order": ("std::map<std::int64_t, Bucket, std::greater<>>", "std::map<std::int64_t, Bucket>"),
    "oldest of the bucket": ("if (!newest) newest = place;", "newest = place;"),
    "complete is not told apart": ("series_[place].complete ? bucket.complete : bucket.incomplete", "bucket.complete"),
    "complete and incomplete swapped": ("series_[place].complete ? bucket.complete : bucket.incomplete",
                                        "series_[place].complete ? bucket.incomplete : bucket.complete"),
    "one bucket too many": ("if (complete == count) break;", "if (complete > count) break;"),
    "one bucket too few": ("if (complete == count) break;", "if (complete + 1 >= count) break;"),
    "no end": ("if (complete == count) break;", ""),
    "incomplete ones beyond the end": ("if (complete == count) break;",
                                       "if (complete == count && bucket.complete) continue;"),
    "complete not counted": ("        ++complete;\n", ""),
    "incomplete not counted": ("        ++incomplete;\n", ""),
    "incomplete counted as complete": ("        ++incomplete;\n", "        ++complete;\n"),
    "complete counted as both": ("        ++complete;\n", "        ++complete;\n        ++incomplete;\n"),
    "incomplete: one too many": ("} else if (incomplete < count) {", "} else if (incomplete <= count) {"),
    "incomplete: none": ("} else if (incomplete < count) {", "} else if (false) {"),
    "incomplete: all in sight": ("} else if (incomplete < count) {", "} else {"),
    # Verdicts.
    "keeps what has no reason": ("verdict.keep = !verdict.reasons.empty();", "verdict.keep = true;"),
    "expired has no reason": ("if (!verdict.keep) verdict.reasons.push_back(Reason::expired);", ""),
    "verdicts without id": ("verdict.id = series_[place].id;", ""),
    # Summary and confirmation.
    "keep_last is no rule": ("return rules.keep_last || rules.keep_within ||", "return rules.keep_within ||"),
    "keep_within is no rule": ("return rules.keep_last || rules.keep_within ||", "return rules.keep_last ||"),
    "calendar rules are no rules": ("(rules.*rule.count).has_value()", "false"),
    "zero: keep_last forgotten": ("return rules.keep_last.value_or(0) == 0 &&", "return"),
    "zero: keep_within forgotten": ("rules.keep_within.value_or(base::Duration{}) <= base::Duration{} &&", ""),
    "zero: calendar forgotten": ("(rules.*rule.count).value_or(0) == 0", "true"),
    "zero: any suffices": ("std::all_of(", "std::any_of("),
    "no rules are rules of zero": ("configured && all_zero(rules)", "all_zero(rules)"),
    "rules of zero not told": ("configured && all_zero(rules)", "false"),
    "kept counted as removed": ("return !verdict.keep;", "return verdict.keep;"),
    "mailboxes not counted": ("++summary.mailboxes;", ""),
    "points of the last only": ("summary.points += plan", "summary.points = plan"),
    "removed of the last only": ("summary.removed += removed;", "summary.removed = removed;"),
    "rules of zero without loss": ("plan.rules_keep_nothing && removed > 0", "plan.rules_keep_nothing"),
    "rules of zero never confirmed": ("by_empty_rules = true;", "{}"),
    "a fifth is too much": ("summary.removed * 100 > summary.points", "summary.removed * 100 >= summary.points"),
    "much is never confirmed": ("summary.removed * 100 > summary.points", "summary.removed > summary.points"),
}


def run(command, **options):
    return subprocess.run(command, capture_output=True, text=True, **options)


def compile_command(build, root):
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as file:
        for entry in json.load(file):
            if os.path.relpath(entry["file"], root) == SOURCE:
                return shlex.split(entry["command"])
    sys.exit(f"{build} does not build {SOURCE}")


def link_command(build, test):
    """The build's own command; ninja wraps it in ": && COMMAND && :"."""
    commands = run(["ninja", "-C", build, "-t", "commands", test], check=True).stdout.splitlines()
    return shlex.split(commands[-1].removeprefix(": && ").removesuffix(" && :"))


def output_to(command, path):
    command = list(command)
    command[command.index("-o") + 1] = path
    return command


def survives(text, folder, compiling, linking, build):
    """Whether all tests pass with this text; None if it does not compile."""
    source, compiled = os.path.join(folder, "retention.cc"), os.path.join(folder, "retention.o")
    with open(source, "w", encoding="utf-8") as file:
        file.write(text)
    command = output_to(compiling, compiled)
    command[command.index("-c") + 1] = source
    # What a mutant leaves unused is no mistake here.
    compiling_result = run(command + ["-O0", "-w"], cwd=build)
    if compiling_result.returncode != 0:
        print(compiling_result.stderr)
        return None
    for test, linker in linking.items():
        program = os.path.join(folder, os.path.basename(test))
        command = output_to(linker, program)
        # Before the library, whose own copy is then not wanted.
        command.insert(command.index("-o"), compiled)
        run(command, cwd=build, check=True)
        try:
            if run([program, "--abort"], timeout=300).returncode != 0:
                return False
        except subprocess.TimeoutExpired:
            return False
    return True


def main():
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    build = os.path.abspath(sys.argv[1])
    with open(os.path.join(root, SOURCE), encoding="utf-8") as file:
        original = file.read()
    compiling = compile_command(build, root)
    linking = {test: link_command(build, test) for test in TESTS}
    chosen = {name: MUTANTS[name] for name in sys.argv[2:]} or MUTANTS
    failures = []
    with tempfile.TemporaryDirectory() as folder:
        if survives(original, folder, compiling, linking, build) is not True:
            sys.exit("the tests fail without any mutation")
        for name, (old, new) in chosen.items():
            if old not in original:
                failures.append(f"{name}: the source has no {old!r}")
                continue
            outcome = survives(original.replace(old, new), folder, compiling, linking, build)
            words = {True: "SURVIVED", False: "killed", None: "does not compile"}[outcome]
            print(f"{name}: {words}", flush=True)
            if outcome is not False:
                failures.append(f"{name}: {words}")
    print(f"{len(chosen)} mutants, {len(chosen) - len(failures)} killed")
    for failure in failures:
        print(failure)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
