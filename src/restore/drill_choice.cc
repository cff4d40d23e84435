#include "src/restore/drill_choice.h"

#include <limits>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>

namespace restore {
namespace {

// The standard's engine gives the same numbers everywhere; its distributions do not.
class Dice {
 public:
  explicit Dice(std::uint32_t seed) : engine_(seed) {}

  // Uniform in [0, limit); the limit is not 0.
  std::uint64_t below(std::uint64_t limit) {
    constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
    const std::uint64_t fair = kMost - kMost % limit;
    std::uint64_t thrown = engine_();
    while (thrown >= fair) thrown = engine_();
    return thrown % limit;
  }

 private:
  std::mt19937_64 engine_;
};

struct Mailbox {
  std::vector<std::size_t> points;
  std::uint64_t items = 0;   // over all its points
  std::uint64_t chosen = 0;  // how many of them are to be drilled
};

std::vector<Mailbox> mailboxes_of(std::span<const store::Snapshot> points) {
  std::map<std::pair<std::string, std::string>, Mailbox> by_identity;
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (points[i].items == 0) continue;
    Mailbox& mailbox = by_identity[{points[i].tenant.name, points[i].mailbox_id}];
    mailbox.points.push_back(i);
    mailbox.items += points[i].items;
  }
  std::vector<Mailbox> mailboxes;
  for (auto& [identity, mailbox] : by_identity) mailboxes.push_back(std::move(mailbox));
  return mailboxes;
}

void deal_turns(std::vector<Mailbox>& mailboxes, std::uint64_t count) {
  for (bool any_left = true; count > 0 && any_left;) {
    any_left = false;
    for (Mailbox& mailbox : mailboxes) {
      if (count == 0 || mailbox.chosen == mailbox.items) continue;
      ++mailbox.chosen;
      --count;
      any_left = true;
    }
  }
}

// `count` different numbers below `limit`, every set of them as likely as another (Floyd's way).
std::set<std::uint64_t> different_numbers(std::uint64_t count, std::uint64_t limit, Dice& dice) {
  std::set<std::uint64_t> numbers;
  for (std::uint64_t last = limit - count; last < limit; ++last) {
    if (!numbers.insert(dice.below(last + 1)).second) numbers.insert(last);
  }
  return numbers;
}

}  // namespace

std::vector<DrillChoice> choose_for_drill(std::span<const store::Snapshot> points,
                                          std::uint64_t count, std::uint32_t seed) {
  Dice dice{seed};
  std::vector<Mailbox> mailboxes = mailboxes_of(points);
  for (std::size_t left = mailboxes.size(); left > 1; --left) {
    std::swap(mailboxes[left - 1], mailboxes[static_cast<std::size_t>(dice.below(left))]);
  }
  deal_turns(mailboxes, count);
  std::map<std::size_t, std::vector<std::uint64_t>> places;
  for (const Mailbox& mailbox : mailboxes) {
    std::uint64_t before = 0;  // items of the points already passed
    std::size_t at = 0;
    for (const std::uint64_t number : different_numbers(mailbox.chosen, mailbox.items, dice)) {
      while (number - before >= points[mailbox.points[at]].items) {
        before += points[mailbox.points[at++]].items;
      }
      places[mailbox.points[at]].push_back(number - before);
    }
  }
  std::vector<DrillChoice> choices;
  for (auto& [point, chosen] : places) choices.push_back({point, std::move(chosen)});
  return choices;
}

}  // namespace restore
