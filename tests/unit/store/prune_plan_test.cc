#include "store/internal/prune_plan.h"

#include "store/internal/pack_format.h"
#include "tests/support/catch.h"
#include "tests/support/small_store.h"

#include <string>

namespace {

using store::PruneCandidate;
using store::PrunePlan;

constexpr std::uint64_t kKiB = std::uint64_t{1} << 10;
constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;
// What stands around the records of a pack.
const std::uint64_t kAround = store::PackLayout{store::kPackHeaderBytes, 0}.pack_bytes;

PruneCandidate pack(std::uint32_t number, std::uint64_t size_bytes, std::uint64_t live_bytes) {
  PruneCandidate candidate;
  candidate.number = number;
  candidate.row.size_bytes = size_bytes;
  candidate.row.tenant_tag = test::noise(1, 16);
  candidate.row.generation = 1;
  candidate.live_bytes = live_bytes;
  return candidate;
}

std::vector<std::uint32_t> numbers(const std::vector<PruneCandidate>& packs) {
  std::vector<std::uint32_t> numbers;
  for (const PruneCandidate& each : packs) numbers.push_back(each.number);
  return numbers;
}

using Numbers = std::vector<std::uint32_t>;

}  // namespace

TEST_CASE("what a pack is decides what becomes of it", "[store][prune][direct]") {
  struct Row {
    std::string name;
    PruneCandidate candidate;
    Numbers dead;
    Numbers rewritten;
  };
  PruneCandidate leased = pack(1, 64 * kMiB, 0);
  leased.is_leased = true;
  PruneCandidate relied_on = pack(1, 64 * kMiB, 0);
  relied_on.has_leases = true;
  PruneCandidate old_key = pack(1, 64 * kMiB, 64 * kMiB);
  old_key.row.generation = 0;
  PruneCandidate new_key = pack(1, 64 * kMiB, 64 * kMiB);
  new_key.row.generation = 2;
  const std::vector<Row> rows{
      {"nothing lives", pack(1, 64 * kMiB, 0), {1}, {}},
      {"a byte lives", pack(1, 64 * kMiB, 1), {}, {1}},
      {"69 percent live", pack(1, 100 * kMiB, 69 * kMiB), {}, {1}},
      {"70 percent live", pack(1, 100 * kMiB, 70 * kMiB), {}, {}},
      {"all lives", pack(1, 64 * kMiB, 64 * kMiB), {}, {}},
      {"written by uncommitted work", leased, {}, {}},
      {"relied on by uncommitted work", relied_on, {}, {1}},
      {"sealed with an older key", old_key, {}, {1}},
      {"sealed with a newer key", new_key, {}, {}},
      {"small, but alone", pack(1, kMiB, kMiB), {}, {}},
      {"70 percent of the records live", pack(1, kAround + 1000, 700), {}, {}},
      {"smaller than any pack", pack(1, 100, 100), {}, {}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const PrunePlan plan = store::plan_prune({row.candidate}, {});
    CHECK(numbers(plan.dead) == row.dead);
    CHECK(numbers(plan.rewritten) == row.rewritten);
    CHECK(plan.total_bytes == row.candidate.row.size_bytes);
  }
}

TEST_CASE("small packs are written together from a number on, of one kind only",
          "[store][prune][direct]") {
  std::vector<PruneCandidate> packs;
  for (std::uint32_t i = 0; i < 7; ++i) packs.push_back(pack(i, kMiB, kMiB));
  CHECK(store::plan_prune(packs, {}).empty());
  PruneCandidate other = pack(7, kMiB, kMiB);
  other.row.chunk_class = store::ChunkClass::metadata;
  packs.push_back(other);
  CHECK(store::plan_prune(packs, {}).empty());
  packs.push_back(pack(8, kMiB, kMiB));
  CHECK(store::plan_prune(packs, {}).rewritten.size() == 8);
}

TEST_CASE("only so many packs change their key at once", "[store][prune][direct]") {
  std::vector<PruneCandidate> packs;
  for (std::uint32_t i = 0; i < 40; ++i) packs.push_back(pack(i, 64 * kMiB, 64 * kMiB));
  PrunePlan::Rules rules;
  rules.generation = 2;
  CHECK(store::plan_prune(packs, rules).rewritten.size() == rules.most_reencrypted);
}

TEST_CASE("space that is not there is not planned with", "[store][prune][direct]") {
  const std::vector<PruneCandidate> packs{pack(1, 64 * kMiB, 40 * kMiB), pack(2, 64 * kMiB, 0),
                                          pack(3, 64 * kMiB, 5 * kMiB)};
  PrunePlan::Rules rules;
  rules.free_bytes = 20 * kMiB;  // three quarters of it count
  const PrunePlan some = store::plan_prune(packs, rules);
  CHECK(numbers(some.dead) == Numbers{2});
  CHECK(numbers(some.rewritten) == Numbers{3});
  CHECK_FALSE(some.short_of_space);
  rules.reserve_used = true;
  const PrunePlan full = store::plan_prune(packs, rules);
  CHECK(numbers(full.rewritten) == Numbers{3});
  CHECK(full.short_of_space);
  rules.reserve_used = false;
  rules.free_bytes = 0;
  const PrunePlan none = store::plan_prune(packs, rules);
  CHECK(numbers(none.dead) == Numbers{2});
  CHECK(none.rewritten.empty());
  CHECK(none.short_of_space);
  rules.free_bytes.reset();
  rules.delete_only = true;
  CHECK(store::plan_prune(packs, rules).rewritten.empty());
}

TEST_CASE("on a full disk only what gives space back is written anew", "[store][prune][direct]") {
  std::vector<PruneCandidate> packs;
  for (std::uint32_t i = 0; i < 9; ++i) packs.push_back(pack(i, kMiB, kMiB));
  packs.back().row.generation = 0;
  PrunePlan::Rules rules;
  rules.free_bytes = 64 * kMiB;
  CHECK(store::plan_prune(packs, rules).rewritten.size() == 9);
  rules.reserve_used = true;
  CHECK(store::plan_prune(packs, rules).rewritten.empty());
}

TEST_CASE("a disk is short of space below a sixteenth of what is stored",
          "[store][prune][direct]") {
  const std::vector<PruneCandidate> packs{pack(1, 48 * kMiB, 48 * kMiB), pack(2, 16 * kMiB, 0)};
  PrunePlan::Rules rules;
  rules.free_bytes = 4 * kMiB;
  CHECK_FALSE(store::plan_prune(packs, rules).short_of_space);
  rules.free_bytes = 4 * kMiB - 1;
  CHECK(store::plan_prune(packs, rules).short_of_space);
}

TEST_CASE("what is written anew takes three quarters of what is free at most",
          "[store][prune][direct]") {
  struct Row {
    std::string name;
    std::uint64_t live_bytes;
    std::uint64_t least_free_bytes;
  };
  const std::vector<Row> rows{
      // 300 KiB three times, for parity is as large as what it is of, and 64 KiB of notes.
      {"a small pack", 300 * kKiB, 4 * std::uint64_t{329'046}},
      {"a large one with two blocks of parity", 30 * kMiB, 4 * (32 * kMiB + 64 * kKiB) / 3},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    PrunePlan::Rules rules;
    rules.free_bytes = row.least_free_bytes;
    const std::vector<PruneCandidate> packs{pack(1, 64 * kMiB, row.live_bytes)};
    CHECK(numbers(store::plan_prune(packs, rules).rewritten) == Numbers{1});
    rules.free_bytes = row.least_free_bytes - 4;
    CHECK(store::plan_prune(packs, rules).empty());
    // There is room for one only.
    rules.free_bytes = row.least_free_bytes;
    CHECK(numbers(store::plan_prune({packs[0], packs[0]}, rules).rewritten) == Numbers{1});
  }
}

TEST_CASE("a pack for which there is no room is passed by", "[store][prune][direct]") {
  PrunePlan::Rules rules;
  rules.free_bytes = 40 * kMiB;
  CHECK(numbers(
            store::plan_prune({pack(1, 600 * kMiB, 60 * kMiB), pack(2, 8 * kMiB, 4 * kMiB)}, rules)
                .rewritten) == Numbers{2});
  // It is none of those that may change their keys.
  rules.generation = 2;
  rules.most_reencrypted = 1;
  CHECK(numbers(
            store::plan_prune({pack(1, 64 * kMiB, 60 * kMiB), pack(2, 16 * kMiB, 16 * kMiB)}, rules)
                .rewritten) == Numbers{2});
}

TEST_CASE("those that are written anew anyway do not count as changes of keys",
          "[store][prune][direct]") {
  std::vector<PruneCandidate> packs;
  for (std::uint32_t i = 0; i < 4; ++i) packs.push_back(pack(i, 64 * kMiB, kMiB));
  for (PruneCandidate& sparse : packs) sparse.row.generation = 2;
  packs.push_back(pack(4, 64 * kMiB, 64 * kMiB));
  PrunePlan::Rules rules;
  rules.generation = 2;
  rules.most_reencrypted = 1;
  CHECK(store::plan_prune(packs, rules).rewritten.size() == 5);
}

TEST_CASE("packs of two tenants, and packs of the size, are not merged", "[store][prune][direct]") {
  std::vector<PruneCandidate> packs;
  for (std::uint32_t i = 0; i < 8; ++i) packs.push_back(pack(i, kMiB, kMiB));
  for (std::size_t i = 0; i < 4; ++i) packs[i].row.tenant_tag = test::noise(2, 16);
  CHECK(store::plan_prune(packs, {}).empty());
  for (PruneCandidate& each : packs) {
    each = pack(each.number, PrunePlan::Rules{}.small_bytes, PrunePlan::Rules{}.small_bytes);
  }
  CHECK(store::plan_prune(packs, {}).empty());
}

TEST_CASE("what is condemned are the dead and those that are written anew",
          "[store][prune][direct]") {
  const PrunePlan plan = store::plan_prune(
      {pack(1, 64 * kMiB, 64 * kMiB), pack(2, 32 * kMiB, 0), pack(3, 16 * kMiB, 0),
       pack(4, 16 * kMiB, 2 * kMiB), pack(5, 16 * kMiB, kMiB)},
      {});
  CHECK(plan.condemned_numbers() == Numbers{2, 3, 5, 4});
  CHECK(plan.condemned_bytes() == 80 * kMiB);
  CHECK(plan.total_bytes == 144 * kMiB);
}
