#!/usr/bin/env python3
"""Shows that the tests of the retention planner would notice a mistake in it.

Usage: mutate_retention.py BUILD [NAME...]: mutation.py says more.
"""
import sys

import mutation

SOURCE = "schedules/retention.cc"
TESTS = [("tests/unit/unit_schedules", []), ("tests/property/property_retention", [])]

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
    "incomplete ones use up the count": ("if (complete == count) break;", "if (complete + incomplete == count) break;"),
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
    "rules of zero of the last only": ("if (plan.rules_keep_nothing && removed > 0) by_empty_rules = true;",
                                       "by_empty_rules = plan.rules_keep_nothing && removed > 0;"),
    "a fifth is too much": ("summary.removed * 100 > summary.points", "summary.removed * 100 >= summary.points"),
    "much is never confirmed": ("summary.removed * 100 > summary.points", "summary.removed > summary.points"),
}

if __name__ == "__main__":
    sys.exit(mutation.main({SOURCE: MUTANTS}, TESTS))
