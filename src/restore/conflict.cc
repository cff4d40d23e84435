#include "src/restore/conflict.h"

#include <tuple>

namespace restore {
namespace {

// Larger is the better one to be replaced.
auto preference(const Candidate& candidate) {
  return std::tuple{candidate.same_id, candidate.modified, candidate.item_id};
}

}  // namespace

Verdict decide(OnConflict on_conflict, std::span<const Candidate> candidates) {
  if (candidates.empty()) return {};
  if (on_conflict == OnConflict::copy) {
    return {Verdict::Kind::create, std::nullopt, "restored beside what lies in the target"};
  }
  std::size_t preferred = 0;
  bool some_unknown = false;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (candidates[i].likeness == Likeness::unchanged) {
      return {Verdict::Kind::skip, i, "lies in the target unchanged"};
    }
    some_unknown |= candidates[i].likeness == Likeness::unknown;
    if (preference(candidates[preferred]) < preference(candidates[i])) preferred = i;
  }
  if (some_unknown) {
    return {Verdict::Kind::undecided, std::nullopt,
            "an item like it lies in the target and could not be compared"};
  }
  if (on_conflict == OnConflict::skip) {
    return {Verdict::Kind::create, std::nullopt,
            "changed in the target: the old version is restored beside it"};
  }
  return {Verdict::Kind::replace, preferred, "changed in the target: brought to the old version"};
}

}  // namespace restore
