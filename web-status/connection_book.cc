#include "web-status/connection_book.h"

#include "web-status/network_address.h"

namespace web {

ConnectionBook::Admission ConnectionBook::admit(Id id, const std::string& peer) {
  std::string group = peer_group(peer);
  const auto held = groups_.find(group);
  if (!is_loopback(peer) && held != groups_.end() && held->second >= limits_.connections_per_peer) {
    return Admission::peer_has_enough;
  }
  if (entries_.size() >= limits_.connections) return Admission::full;
  ++groups_[group];
  entries_.emplace(id, Entry{std::move(group), std::nullopt, {}});
  return Admission::admitted;
}

void ConnectionBook::leave(Id id) {
  end_waiting(id);
  const auto entry = entries_.find(id);
  if (entry == entries_.end()) return;
  const auto group = groups_.find(entry->second.group);
  if (--group->second == 0) groups_.erase(group);
  entries_.erase(entry);
}

void ConnectionBook::begin_waiting(Id id, Wait wait) {
  end_waiting(id);
  const auto entry = entries_.find(id);
  if (entry == entries_.end()) return;
  std::list<Id>& waiting = waiting_.at(static_cast<std::size_t>(wait));
  entry->second.place = waiting.insert(waiting.end(), id);
  entry->second.wait = wait;
}

void ConnectionBook::end_waiting(Id id) {
  const auto entry = entries_.find(id);
  if (entry == entries_.end() || !entry->second.wait) return;
  waiting_.at(static_cast<std::size_t>(*entry->second.wait)).erase(entry->second.place);
  entry->second.wait.reset();
}

std::optional<ConnectionBook::Id> ConnectionBook::longest_waiting(Wait wait) const {
  const std::list<Id>& waiting = waiting_.at(static_cast<std::size_t>(wait));
  if (waiting.empty()) return std::nullopt;
  return waiting.front();
}

std::optional<ConnectionBook::Id> ConnectionBook::first_to_go() const {
  for (const Wait wait : {Wait::head, Wait::body, Wait::reading}) {
    if (const auto id = longest_waiting(wait)) return id;
  }
  return std::nullopt;
}

ByteBudget::Share ByteBudget::take(std::size_t bytes) {
  taken_bytes_ += bytes;
  return Share{*this, bytes};
}

}  // namespace web
