#include "store/internal/prune_plan.h"

#include "tests/support/catch.h"
#include "tests/support/small_store.h"

#include <string>

namespace {

using store::PruneCandidate;
using store::PrunePlan;

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;

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

TEST_CASE("what a pack is decides what becomes of it", "[store][prune]") {
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
  const std::vector<Row> rows{
      {"nothing lives", pack(1, 64 * kMiB, 0), {1}, {}},
      {"a byte lives", pack(1, 64 * kMiB, 1), {}, {1}},
      {"69 percent live", pack(1, 100 * kMiB, 69 * kMiB), {}, {1}},
      {"70 percent live", pack(1, 100 * kMiB, 70 * kMiB), {}, {}},
      {"all lives", pack(1, 64 * kMiB, 64 * kMiB), {}, {}},
      {"written by uncommitted work", leased, {}, {}},
      {"relied on by uncommitted work", relied_on, {}, {1}},
      {"sealed with an older key", old_key, {}, {1}},
      {"small, but alone", pack(1, kMiB, kMiB), {}, {}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const PrunePlan plan = store::plan_prune({row.candidate}, {});
    CHECK(numbers(plan.dead) == row.dead);
    CHECK(numbers(plan.rewritten) == row.rewritten);
    CHECK(plan.total_bytes == row.candidate.row.size_bytes);
  }
}

TEST_CASE("small packs are written together from a number on, of one kind only", "[store][prune]") {
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

TEST_CASE("only so many packs change their key at once", "[store][prune]") {
  std::vector<PruneCandidate> packs;
  for (std::uint32_t i = 0; i < 40; ++i) packs.push_back(pack(i, 64 * kMiB, 64 * kMiB));
  PrunePlan::Rules rules;
  rules.generation = 2;
  CHECK(store::plan_prune(packs, rules).rewritten.size() == rules.most_reencrypted);
}

TEST_CASE("space that is not there is not planned with", "[store][prune]") {
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

TEST_CASE("on a full disk only what gives space back is written anew", "[store][prune]") {
  std::vector<PruneCandidate> packs;
  for (std::uint32_t i = 0; i < 9; ++i) packs.push_back(pack(i, kMiB, kMiB));
  packs.back().row.generation = 0;
  PrunePlan::Rules rules;
  rules.free_bytes = 64 * kMiB;
  CHECK(store::plan_prune(packs, rules).rewritten.size() == 9);
  rules.reserve_used = true;
  CHECK(store::plan_prune(packs, rules).rewritten.empty());
}
