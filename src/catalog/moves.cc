#include "src/catalog/moves.h"

#include "src/base/digest.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

namespace catalog {
namespace {

constexpr Moves::Number kNone = std::numeric_limits<Moves::Number>::max();

}  // namespace

Moves::Trace Moves::trace_of(const store::ItemEntry& item) {
  const auto [known, is_new] =
      folder_numbers_.emplace(item.folder_id, static_cast<Number>(folders_.size()));
  if (is_new) folders_.push_back(item.folder_id);
  return {Half::from(base::sha256(base::as_bytes(item.id)).view()),
          Half::from(item.content.sha256.view()), known->second};
}

void Moves::pair() {
  origins_.assign(came_.size(), kNone);
  is_origin_.assign(went_.size(), false);
  has_another_id_.assign(went_.size(), false);
  pair_by(&Trace::id, true);
  pair_by(&Trace::content, false);
  folder_of_went_.reserve(went_.size());
  for (const Trace& trace : went_) folder_of_went_.push_back(trace.folder);
  went_ = {};
  came_ = {};
}

void Moves::pair_by(Half Trace::*key, bool is_id) {
  const auto left_over = [&](const std::vector<Trace>& traces, const auto& is_paired) {
    std::vector<Number> numbers;
    for (Number number = 0; number < traces.size(); ++number) {
      if (!is_paired(number)) numbers.push_back(number);
    }
    std::ranges::stable_sort(numbers, {}, [&](Number number) { return traces[number].*key; });
    return numbers;
  };
  const auto went = left_over(went_, [&](Number number) { return is_origin_[number]; });
  const auto came = left_over(came_, [&](Number number) { return origins_[number] != kNone; });
  const auto end_of_group = [&](auto begin, auto end, const std::vector<Trace>& traces) {
    return std::find_if(begin, end,
                        [&](Number number) { return traces[number].*key != traces[*begin].*key; });
  };
  auto left = went.begin();
  auto right = came.begin();
  while (left != went.end() && right != came.end()) {
    const Half& left_key = went_[*left].*key;
    const Half& right_key = came_[*right].*key;
    const auto left_end = end_of_group(left, went.end(), went_);
    const auto right_end = end_of_group(right, came.end(), came_);
    if (left_key == right_key) pair_group({left, left_end}, {right, right_end}, is_id);
    const bool passes_left = left_key <= right_key;
    const bool passes_right = right_key <= left_key;
    if (passes_left) left = left_end;
    if (passes_right) right = right_end;
  }
}

void Moves::pair_group(const std::vector<Number>& went, const std::vector<Number>& came,
                       bool is_id) {
  std::map<Number, std::vector<Number>> waiting;  // by folder, the last one first in line
  for (auto number = went.rbegin(); number != went.rend(); ++number) {
    waiting[went_[*number].folder].push_back(*number);
  }
  for (const Number number : came) {
    const auto from =
        std::ranges::find_if(waiting, [folder = came_[number].folder](const auto& elsewhere) {
          return elsewhere.first != folder;
        });
    if (from == waiting.end()) continue;
    const Number origin = from->second.back();
    from->second.pop_back();
    if (from->second.empty()) waiting.erase(from);
    origins_[number] = origin;
    is_origin_[origin] = true;
    has_another_id_[origin] = !is_id;
    gave_other_ids_ |= !is_id;
  }
}

std::optional<Moves::Origin> Moves::origin(Number came) const {
  const Number went = origins_[came];
  if (went == kNone) return std::nullopt;
  return Origin{went, !has_another_id_[went]};
}

}  // namespace catalog
