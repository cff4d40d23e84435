#!/usr/bin/env python3
"""Shows that the tests of prune would notice a mistake in what decides about deletion.

Usage: mutate_prune.py BUILD [NAME...]: mutation.py says more.

Not among the mutants: what is said twice so that either may be wrong (the log is read on before and
behind the fence, tenants are known before packs are emptied and after), and what only costs time.
"""
import sys

import mutation

# The quickest first, which call the parts directly; those last that go through every moment of a
# prune. Threads prove nothing about a mutant.
TESTS = [
    ("tests/unit/unit_store_prune", ["-w", "NoTests", tags])
    for tags in ("[direct]", "~[direct]~[leases]~[crash]~[threads]", "[leases]", "[crash]")
]

PLAN = {
    # What a pack is.
    "packs of work are candidates": ("if (pack.is_leased) continue;", ""),
    "packs of work do not count": ("    plan.total_bytes += pack.row.size_bytes;\n    if (pack.is_leased) continue;",
                                   "    if (pack.is_leased) continue;\n    plan.total_bytes += pack.row.size_bytes;"),
    "total of the last only": ("plan.total_bytes += pack", "plan.total_bytes = pack"),
    "relied on is dead": ("pack.live_bytes == 0 && !pack.has_leases", "pack.live_bytes == 0"),
    "a byte is dead": ("pack.live_bytes == 0 &&", "pack.live_bytes <= 1 &&"),
    "nothing is dead": ("const bool dead = ", "const bool dead = false && "),
    "dead and alive swapped": ("(dead ? plan.dead : alive)", "(dead ? alive : plan.dead)"),
    # Space.
    "delete-only has space": ("rules.delete_only || rules.reserve_used ||", "rules.reserve_used ||"),
    "a used reserve is no sign": ("rules.delete_only || rules.reserve_used ||", "rules.delete_only ||"),
    "little space is no sign": ("(rules.free_bytes && *rules.free_bytes", "(false && *rules.free_bytes"),
    "a sixteenth is short": ("*rules.free_bytes < plan", "*rules.free_bytes <= plan"),
    "an eighth is short": ("kShortOfSpaceShare = 16", "kShortOfSpaceShare = 8"),
    "a thirtieth is enough": ("kShortOfSpaceShare = 16", "kShortOfSpaceShare = 30"),
    "delete-only writes": ("if (rules.delete_only) return plan;", ""),
    "small ones are merged on a full disk": ("plan.short_of_space ? std::set<std::uint32_t>{} :", ""),
    "keys change on a full disk": ("plan.short_of_space ? rules.most_reencrypted : 0", "0"),
    "all that is free is used": ("*rules.free_bytes / 4 * 3", "*rules.free_bytes"),
    "a quarter is used": ("*rules.free_bytes / 4 * 3", "*rules.free_bytes / 4"),
    "unknown space is none": (": ~std::uint64_t{0}", ": std::uint64_t{0}"),
    "room is not used up": ("room -= cost;", ""),
    "room for exactly one is none": ("if (cost > room) continue;", "if (cost >= room) continue;"),
    "cost does not matter": ("if (cost > room) continue;", ""),
    "the first without room ends it": ("if (cost > room) continue;", "if (cost > room) break;"),
    "records cost nothing": ("return pack.live_bytes + 2 *", "return 2 *"),
    "parity costs nothing": (" + 2 * std::min(pack.live_bytes, kBlock)", ""),
    "parity costs one block": ("2 * std::min(pack.live_bytes, kBlock)", "std::min(pack.live_bytes, kBlock)"),
    "parity costs as much as the records": ("std::min(pack.live_bytes, kBlock)", "pack.live_bytes"),
    "parity of a small pack is whole blocks": ("std::min(pack.live_bytes, kBlock)", "kBlock"),
    "notes cost nothing": (" + kNotes;", ";"),
    # What is worth it.
    "fullest first": ("std::ranges::stable_sort(alive, {}, percent_live);",
                      "std::ranges::stable_sort(alive, std::ranges::greater{}, percent_live);"),
    "in any order": ("std::ranges::stable_sort(alive, {}, percent_live);", ""),
    "percent of the whole file": ("/ records;", "/ pack.row.size_bytes;"),
    "tiny packs underflow": ("std::max(pack.row.size_bytes, around + 1) - around", "pack.row.size_bytes - around"),
    "sparse at its edge": ("percent_live(pack) < rules", "percent_live(pack) <= rules"),
    "sparse ones stay": ("if (!sparse && !old_key && ", "if (!old_key && "),
    "old keys stay": ("if (!sparse && !old_key && ", "if (!sparse && "),
    "small ones stay": (" && !merged.contains(pack.number)) continue;", ") continue;"),
    "all are written anew": ("if (!sparse && !old_key && !merged.contains(pack.number)) continue;", ""),
    "keys of today are old": ("pack.row.generation < rules.generation &&", "pack.row.generation <= rules.generation &&"),
    "keys of tomorrow are old": ("pack.row.generation < rules.generation &&",
                                 "pack.row.generation != rules.generation &&"),
    "one key too many": ("reencrypted < rules.most", "reencrypted <= rules.most"),
    "all keys at once": (" && reencrypted < rules.most_reencrypted;", ";"),
    "others count as keys": ("if (old_key) ++reencrypted;", "++reencrypted;"),
    "keys without room count": ("if (cost > room) continue;",
                                "if (cost > room && old_key) ++reencrypted;\n    if (cost > room) continue;"),
    "small at its edge": ("pack.row.size_bytes >= rules.small_bytes", "pack.row.size_bytes > rules.small_bytes"),
    "every size is small": ("if (pack.row.size_bytes >= rules.small_bytes) continue;", ""),
    "tenants are merged": ("small[{pack.row.tenant_tag, ", "small[{base::Bytes{}, "),
    "classes are merged": ("pack.row.chunk_class}]", "ChunkClass::data}]"),
    "one more for merging": ("numbers.size() >= rules.small_packs", "numbers.size() > rules.small_packs"),
    "any number is merged": ("if (numbers.size() >= rules.small_packs) ", ""),
    # What is condemned.
    "dead ones are not condemned": ("std::vector<PruneCandidate> both = dead;", "std::vector<PruneCandidate> both;"),
    "rewritten ones are not condemned": ("both.insert(both.end(), rewritten.begin(), rewritten.end());", ""),
    "bytes of the last only": ("condemned()) bytes += pack", "condemned()) bytes = pack"),
}

RUN = {
    # Before anything is decided.
    "what an earlier prune knew does not matter": ("!gone.empty()) {", "false) {"),
    "leases never expire": ("with_.leases.expire();", ""),
    "own work is not work": ("work_ = with_.leases.begin_work();", ""),
    "a dry run tidies": ("if (!options_.dry_run && !log_.tells_nothing()) {", "if (!log_.tells_nothing()) {"),
    "a silent log tidies": ("if (!options_.dry_run && !log_.tells_nothing()) {", "if (!options_.dry_run) {"),
    "a dry run is none": ("  if (options_.dry_run) return report_;\n", ""),
    "the trash stays on a full disk": ("if (plan_.short_of_space && !log_.tells_nothing()) {", "if (false) {"),
    "the trash goes at once": ("if (plan_.short_of_space && !log_.tells_nothing()) {", "if (!log_.tells_nothing()) {"),
    "a silent log empties the trash": ("if (plan_.short_of_space && !log_.tells_nothing()) {",
                                       "if (plan_.short_of_space) {"),
    "purging waits for a pack": ("if (purged_.empty() && plan_.empty()) {", "if (plan_.empty()) {"),
    "nobody bears witness": ("    bear_witness();\n", ""),
    "witness without trash": ("if (!leftovers_.has_trash() || log_.tells_nothing()) return;",
                              "if (log_.tells_nothing()) return;"),
    "witness at every time": ("if (with_.clock.now() - last < kWitnessEvery && with_.clock.now() >= last) return;", ""),
    "a clock set back bears no witness": (" && with_.clock.now() >= last) return;", ") return;"),
    "an index may tell otherwise": ("if (!difference.empty()) throw", "if (false) throw"),
    "what is purged stays marked": ("  for (const auto& [key, snapshot] : purged_) roots_.erase(key);\n", ""),
    "restore points are not marked": ("  for (const auto& [key, snapshot] : roots_) mark(snapshot);\n", ""),
    "bases are not marked": ("    mark(base);\n    bases_.insert", "    bases_.insert"),
    "a silent log makes all dead": ("if (log_.tells_nothing() && !plan_.empty()) {", "if (false) {"),
    "keys are of the first generation": ("rules.generation = with_.keys.tenant(tenant).current_generation();", ""),
    "the reserve is never used": ("rules.reserve_used = with_.reserve_used;", ""),
    "space is not asked for": ("rules.free_bytes = with_.backend.free_bytes();", ""),
    "packs of work are not told": ("pack.is_leased = with_.leases.is_leased(row.id);", ""),
    "records of work are not told": ("pack.has_leases = with_.leases.leases_in(number) > 0;", ""),
    "nothing lives": ("pack.live_bytes = live->space_bytes;", ""),
    # From the plan to the deletion.
    "nothing is condemned for others": ("  with_.leases.condemn(numbers);\n", ""),
    "no plan is noted": ("  note(PruneStep::plan);\n", ""),
    "no condemnation is noted": ("    note(PruneStep::condemned);\n", ""),
    "no fence is noted": ("  note(PruneStep::fenced);\n", ""),
    "no deletion is noted": ("  note(PruneStep::deleting);\n", ""),
    "no end is noted": ("  note(PruneStep::done);\n", ""),
    "packs stay condemned": ("      with_.leases.acquit(numbers);\n", ""),
    "restore points stay condemned": ("      with_.leases.acquit_snapshots(values(purged_));\n", ""),
    "what may be noted is acquitted": ("if (!is_decided_) {", "if (true) {"),
    "what is decided is not told": ("  is_decided_ = true;\n", ""),
    "space comes back later": ("  if (plan_.short_of_space) {\n    report_", "  if (false) {\n    report_"),
    "nothing waits in the trash": ("  if (plan_.short_of_space) {\n    report_", "  if (true) {\n    report_"),
    "rows stay": ("    remove_rows(with_.backend, with_.keys, with_.index, object_of(pack.row));\n", ""),
    "packs stay": ("    discard_pack(with_.backend, object_of(pack.row), report_.epoch);\n", ""),
    "the second opinion knows no restore points": (
        "  for (const auto& [key, snapshot] : roots_) opinion_->keep(snapshot);\n", ""),
    # The fence.
    "an index may change": ("  note(PruneStep::fenced);\n  compare_with_index();\n", "  note(PruneStep::fenced);\n"),
    "who recalls is too late": ("  compare_with_index();\n  reprieve();\n", "  compare_with_index();\n"),
    "anybody starts from what is purged": ("  with_.leases.condemn_snapshots(values(purged_));\n", ""),
    "newcomers come too late": ("(values(purged_));\n  take_in_newcomers();\n", "(values(purged_));\n"),
    "two opinions need not agree": ("  compare_opinions();\n", ""),
    "the first opinion decides": ("evacuation_->vacated() == condemned_ && opinion_->deletable() == condemned_",
                                  "evacuation_->vacated() == condemned_"),
    "the second opinion decides": ("evacuation_->vacated() == condemned_ && opinion_->deletable() == condemned_",
                                   "opinion_->deletable() == condemned_"),
    "nothing is purged": ("events.emplace_back(SnapshotPurged{key});", ""),
    "nothing is committed": ("  commit(std::move(events));\n", ""),
    "nobody is reprieved": ("return !doomed.contains(entry.first);", "return false;"),
    "new restore points are no newcomers": ("    take_in(snapshot);\n", ""),
    "new bases are no newcomers": ("if (bases_.insert(base.id).second) take_in(base);", "bases_.insert(base.id);"),
    "what is purged is a newcomer": ("if (roots_.contains(key) || purged_.contains(key)) continue;",
                                     "if (roots_.contains(key)) continue;"),
    # Rounds.
    "one round on a full disk": ("if (!run.is_short_of_space() || !gained || options.dry_run) return all;", "return all;"),
    "rounds without gain": ("const bool gained = report.bytes_deleted > report.bytes_written;",
                            "const bool gained = report.bytes_deleted >= report.bytes_written;"),
}

EVACUATION = {
    "marks do not matter": ("(live == nullptr ? 0 : live->marked) +", "0 +"),
    "leases do not matter": (" + with_.leases.leases_in(pack.number);", ";"),
    "marked and leased": ("if (!with_.live.is_live(pack.number, record) && !with_",
                          "if (!with_.live.is_live(pack.number, record) || !with_"),
    "everything is needed": (
        "if (!with_.live.is_live(pack.number, record) && !with_.leases.is_leased(pack.number, record)) {", "if (false) {"),
    "it lies elsewhere": ("return place && place->pack_number == pack.number;", "return false;"),
    "it lies here": ("return place && place->pack_number == pack.number;", "return place.has_value();"),
    "an empty one is never settled": ("    if (needed == 0) doomed.settled = 0;\n", ""),
    "settled once": ("if (doomed.settled != needed) {", "if (!doomed.settled) {"),
    "nothing is moved": ("      move_from(doomed.pack);\n", ""),
    "nothing is flushed": ("  flush();\n", ""),
    "settled unseen": ("if (!holds_needed(doomed->pack)) doomed->settled = needed;", "doomed->settled = needed;"),
    "vacated unseen": ("if (doomed.settled == demand(doomed.pack)) vacated", "vacated"),
    "any tenant will do": ("if (tenant == with_.tenants.end()) {", "if (false) {"),
    "moving is not counted": ("    ++chunks_moved_;\n", ""),
    "writing is not counted": ("    bytes_written_ += put.stored_bytes;\n", ""),
    "what is there is moved": ("    if (!put.is_new) continue;\n", ""),
}

OPINION = {
    "a pack that is gone may go": ("if (doomed_packs_.size() != condemned_->size()) {", "if (false) {"),
    "a condemned pack is elsewhere": ("if (condemned_->contains(pack.id) || !seen_", "if (!seen_"),
    "nothing is elsewhere": ("if (doomed_.contains(chunk.id)) safe_.insert(chunk.id);", ""),
    "trees are not needed": ("      on_chunk(id);\n      return", "      return"),
    "streams are not needed": ("const auto note = [&](const ChunkId& id) { on_chunk(id); };", "const auto note = [](const ChunkId&) {};"),
    "trees are passed by": ("? Reach::descend : Reach::pass_by", "? Reach::pass_by : Reach::pass_by"),
    "elsewhere does not help": ("kept_.contains(id) && !safe_.contains(id)", "kept_.contains(id)"),
    "here does not hurt": ("kept_.contains(id) && !safe_.contains(id)", "false"),
    "the last chunk decides": ("needed = needed || (", "needed = ("),
    "all is needed": ("if (!needed) packs.insert(pack);", ""),
    "all may go": ("if (!needed) packs.insert(pack);", "packs.insert(pack);"),
    "a damaged pack stops it": ("if (error.kind() != base::ErrorKind::corrupt) throw;", "throw;"),
}

LEASES = {
    "condemned packs are relied on": ("if (state->condemned.contains(location.pack_number)) return false;", ""),
    "records are not leased": ("  records[location.record_number] = true;\n", ""),
    "packs are not leased": ("state_->lock()->now().packs.insert(pack);", "static_cast<void>(pack);"),
    "anybody starts": ("if (!condemned_snapshots.contains(base.id)) return;", "return;"),
    "bases are not leased": ("  state->now().bases.emplace(base.id, base);\n}\n\nvoid Leases::read_from",
                             "}\n\nvoid Leases::read_from"),
    "readers lease for good": ("if (!state->running.empty()) state->now().bases", "state->now().bases"),
    "readers lease nothing": ("if (!state->running.empty()) state->now().bases", "if (false) state->now().bases"),
    "nothing is condemned": ("state_->lock()->condemned.insert(packs.begin(), packs.end());", "static_cast<void>(packs);"),
    "packs are not acquitted": ("for (const std::uint32_t pack : packs) state->condemned.erase(pack);", ""),
    "restore points are not condemned": ("state->condemned_snapshots.insert(snapshot.id);", "static_cast<void>(snapshot);"),
    "restore points are not acquitted": ("state->condemned_snapshots.erase(snapshot.id);", "static_cast<void>(snapshot);"),
    "leases of the youngest work stay": ("*state->running.begin();", "*state->running.rbegin();"),
    "leases end with any work": ("state->running.empty() ? state->current + 1 :",
                                 "true ? state->current + 1 :"),
    "leases outlive the work": ("? state->current + 1 :", "? state->current :"),
    "the work's own leases expire": ("entry.first < oldest;", "entry.first <= oldest;"),
    "leases for good expire": ("entry.first != kForGood && entry.first < oldest", "entry.first < oldest"),
    "no new generation": ("  ++state->current;\n", ""),
    "no pack is leased": ("return entry.second.packs.contains(pack);", "return false;"),
    "no record is leased": ("           records->second[record];", "           false;"),
    "nobody starts anywhere": ("for (const auto& [id, base] : leases.bases) bases.push_back(base);", ""),
    "work never ends": ("state_->lock()->running.erase(began_);", ""),
}

MUTANTS = {
    "store/internal/prune_plan.cc": PLAN,
    "store/internal/prune_run.cc": RUN,
    "store/internal/evacuation.cc": EVACUATION,
    "store/internal/second_opinion.cc": OPINION,
    "store/internal/leases.cc": LEASES,
}

if __name__ == "__main__":
    sys.exit(mutation.main(MUTANTS, TESTS))
