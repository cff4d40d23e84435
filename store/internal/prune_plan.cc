#include "store/internal/prune_plan.h"

#include "store/internal/pack_format.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace store {
namespace {

// Less than this share of what is stored, and the disk is as good as full.
constexpr std::uint64_t kShortOfSpaceShare = 16;

// Of what the pack's records take: what stands around them is the same for a pack written anew.
std::uint64_t percent_live(const PruneCandidate& pack) {
  const std::uint64_t around = PackLayout{kPackHeaderBytes, 0}.pack_bytes;
  const std::uint64_t records = std::max(pack.row.size_bytes, around + 1) - around;
  return pack.live_bytes * 100 / records;
}

// Space that is taken before any is given back: the records, two blocks of parity, notes and rows.
std::uint64_t cost_of_rewriting(const PruneCandidate& pack) {
  constexpr std::uint64_t kBlock = std::uint64_t{1} << 20;
  constexpr std::uint64_t kNotes = std::uint64_t{64} << 10;
  return pack.live_bytes + 2 * std::min(pack.live_bytes, kBlock) + kNotes;
}

// Numbers of small packs that lie together in such numbers that one in their place is worth it.
std::set<std::uint32_t> worth_merging(const std::vector<PruneCandidate>& alive,
                                      const PrunePlan::Rules& rules) {
  std::map<std::pair<base::Bytes, ChunkClass>, std::vector<std::uint32_t>> small;
  for (const PruneCandidate& pack : alive) {
    if (pack.row.size_bytes >= rules.small_bytes) continue;
    small[{pack.row.tenant_tag, pack.row.chunk_class}].push_back(pack.number);
  }
  std::set<std::uint32_t> merged;
  for (const auto& [kind, numbers] : small) {
    if (numbers.size() >= rules.small_packs) merged.insert(numbers.begin(), numbers.end());
  }
  return merged;
}

}  // namespace

std::vector<PruneCandidate> PrunePlan::condemned() const {
  std::vector<PruneCandidate> both = dead;
  both.insert(both.end(), rewritten.begin(), rewritten.end());
  return both;
}

std::vector<std::uint32_t> PrunePlan::condemned_numbers() const {
  std::vector<std::uint32_t> numbers;
  for (const PruneCandidate& pack : condemned()) numbers.push_back(pack.number);
  return numbers;
}

std::uint64_t PrunePlan::condemned_bytes() const {
  std::uint64_t bytes = 0;
  for (const PruneCandidate& pack : condemned()) bytes += pack.row.size_bytes;
  return bytes;
}

PrunePlan plan_prune(std::vector<PruneCandidate> candidates, const PrunePlan::Rules& rules) {
  PrunePlan plan;
  std::vector<PruneCandidate> alive;
  for (PruneCandidate& pack : candidates) {
    plan.total_bytes += pack.row.size_bytes;
    if (pack.is_leased) continue;
    const bool dead = pack.live_bytes == 0 && !pack.has_leases;
    (dead ? plan.dead : alive).push_back(std::move(pack));
  }
  plan.short_of_space =
      rules.delete_only || rules.reserve_used ||
      (rules.free_bytes && *rules.free_bytes < plan.total_bytes / kShortOfSpaceShare);
  if (rules.delete_only) return plan;

  // Those that give back most come first, as long as there is room for what has to be written.
  std::ranges::stable_sort(alive, {}, percent_live);
  const std::set<std::uint32_t> merged =
      plan.short_of_space ? std::set<std::uint32_t>{} : worth_merging(alive, rules);
  std::size_t reencrypted = plan.short_of_space ? rules.most_reencrypted : 0;
  std::uint64_t room = rules.free_bytes ? *rules.free_bytes / 4 * 3 : ~std::uint64_t{0};
  for (PruneCandidate& pack : alive) {
    const bool sparse = percent_live(pack) < rules.least_live_percent;
    const bool old_key =
        pack.row.generation < rules.generation && reencrypted < rules.most_reencrypted;
    if (!sparse && !old_key && !merged.contains(pack.number)) continue;
    const std::uint64_t cost = cost_of_rewriting(pack);
    if (cost > room) continue;
    room -= cost;
    if (old_key) ++reencrypted;
    plan.rewritten.push_back(std::move(pack));
  }
  return plan;
}

}  // namespace store
