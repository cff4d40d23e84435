#include "src/jobs/alert_book.h"

#include "src/base/random.h"
#include "src/base/text.h"

#include <algorithm>
#include <utility>

namespace jobs {
namespace {

constexpr base::Duration kFirstWait = std::chrono::minutes{1};
constexpr base::Duration kLongestWait = std::chrono::hours{1};
constexpr base::Duration kGivenUpAfter = std::chrono::hours{24};
// Of one alert that comes and goes; what is older is history that nobody reads.
constexpr std::size_t kMostMessages = 40;

base::Duration since(base::Instant then, base::Instant now) {
  return std::max(now - then, base::Duration{0});  // the clock may have been set back
}

void add_message(Alert& alert, AlertEvent event, const std::vector<Receiver>& receivers,
                 base::Instant now) {
  AlertMessage message;
  message.number = alert.messages.empty() ? 1 : alert.messages.back().number + 1;
  message.event = event;
  message.time = now;
  message.severity = alert.matter.severity;
  message.subject = alert.matter.subject;
  message.message = alert.matter.message;
  message.next_step = alert.matter.next_step;
  for (const Receiver& receiver : receivers) {
    message.deliveries.push_back(AlertDelivery{receiver, 0, now, {}, {}});
  }
  if (event != AlertEvent::over) alert.told_stage = alert.matter.stage;
  alert.messages.push_back(std::move(message));
  if (alert.messages.size() > kMostMessages) alert.messages.erase(alert.messages.begin());
}

// What there is to tell of an alert that is open.
std::optional<AlertEvent> event_of_open(const Alert& alert, base::Instant now) {
  if (alert.messages.empty()) return AlertEvent::opened;
  const base::Duration told_ago = since(alert.messages.back().time, now);
  if (!alert.is_told_open()) {
    if (told_ago < AlertBook::kSteady) return std::nullopt;
    return AlertEvent::reopened;
  }
  if (alert.matter.stage > alert.told_stage && told_ago >= alert.matter.calm) {
    return AlertEvent::escalated;
  }
  return std::nullopt;
}

bool is_same(const Matter& left, const Matter& right) {
  return left.severity == right.severity && left.subject == right.subject &&
         left.message == right.message && left.next_step == right.next_step &&
         left.stage == right.stage;
}

// Gives up what is pending for receivers that there no longer are. Whether there was any.
bool give_up_others(Alert& alert, const std::vector<Receiver>& receivers, base::Instant now) {
  bool changed = false;
  for (AlertMessage& message : alert.messages) {
    for (AlertDelivery& delivery : message.deliveries) {
      const bool is_there =
          std::any_of(receivers.begin(), receivers.end(),
                      [&](const Receiver& receiver) { return receiver.id == delivery.to.id; });
      if (is_there || !delivery.is_pending()) continue;
      delivery.time = now;
      delivery.problem = "no longer configured";
      changed = true;
    }
  }
  return changed;
}

std::string message_id(const Alert& alert, std::uint64_t number) {
  return base::text(alert.id, ".", number);
}

// Due, or so far ahead that the clock must have been set back since.
bool is_due(const AlertDelivery& delivery, base::Instant now) {
  return delivery.next_try <= now || delivery.next_try - now > kLongestWait;
}

void add_due(const Alert& alert, base::Instant now, std::vector<DueMessage>& due) {
  std::vector<std::string> seen;  // receivers for which an older message comes first
  for (const AlertMessage& message : alert.messages) {
    for (const AlertDelivery& delivery : message.deliveries) {
      if (!delivery.is_pending()) continue;
      if (std::find(seen.begin(), seen.end(), delivery.to.id) != seen.end()) continue;
      seen.push_back(delivery.to.id);
      if (!is_due(delivery, now)) continue;
      AlertMessage told = message;
      told.deliveries.clear();
      due.push_back({.to = delivery.to,
                     .id = message_id(alert, message.number),
                     .alert_id = alert.id,
                     .first_id = message_id(alert, 1),
                     .kind = alert.matter.kind,
                     .message = std::move(told),
                     .opened = alert.opened,
                     .closed = message.event == AlertEvent::over ? message.closed : std::nullopt});
    }
  }
}

}  // namespace

std::string_view name(AlertEvent event) {
  switch (event) {
    case AlertEvent::opened:
      return "opened";
    case AlertEvent::escalated:
      return "escalated";
    case AlertEvent::reopened:
      return "reopened";
    case AlertEvent::over:
      return "over";
    case AlertEvent::test:
      return "test";
  }
  return "";
}

std::optional<base::Duration> wait_before_retry(std::uint64_t tries, base::Duration age) {
  if (age >= kGivenUpAfter) return std::nullopt;
  base::Duration wait = kFirstWait;
  for (std::uint64_t done = 1; done < tries && wait < kLongestWait; ++done) wait *= 2;
  return std::min(wait, kLongestWait);
}

bool Alert::is_told_open() const {
  return !messages.empty() && messages.back().event != AlertEvent::over;
}

bool Alert::has_pending() const {
  return std::any_of(messages.begin(), messages.end(), [](const AlertMessage& message) {
    return std::any_of(message.deliveries.begin(), message.deliveries.end(),
                       [](const AlertDelivery& delivery) { return delivery.is_pending(); });
  });
}

Alert* AlertBook::find_live(std::string_view key, base::Instant now) {
  for (auto alert = alerts_.rbegin(); alert != alerts_.rend(); ++alert) {
    if (alert->matter.key != key) continue;
    const bool is_live = !alert->closed || since(*alert->closed, now) < kSteady;
    return is_live ? &*alert : nullptr;
  }
  return nullptr;
}

std::vector<Alert> AlertBook::update(const Judgement& judgement,
                                     const std::vector<Receiver>& receivers, base::Instant now) {
  std::set<std::string> changed;
  std::set<std::string_view> judged;
  for (const Matter& matter : judgement.matters) {
    judged.insert(matter.key);
    Alert* alert = find_live(matter.key, now);
    if (alert == nullptr) {
      Alert opened;
      opened.id = base::new_ulid(now);
      opened.opened = now;
      opened.matter = matter;
      alerts_.push_back(std::move(opened));
      alert = &alerts_.back();
    }
    if (alert->closed || !is_same(alert->matter, matter)) changed.insert(alert->id);
    alert->matter = matter;
    alert->closed.reset();
    const auto event = event_of_open(*alert, now);
    if (!event) continue;
    add_message(*alert, *event, receivers, now);
    changed.insert(alert->id);
  }
  for (Alert& alert : alerts_) {
    if (give_up_others(alert, receivers, now)) changed.insert(alert.id);
    if (alert.closed || judged.contains(alert.matter.key) ||
        judgement.unknown.contains(alert.matter.kind)) {
      continue;
    }
    alert.closed = now;
    changed.insert(alert.id);
    if (!alert.is_told_open()) continue;
    add_message(alert, AlertEvent::over, receivers, now);
    alert.messages.back().closed = now;
  }
  std::vector<Alert> result;
  for (const Alert& alert : alerts_) {
    if (changed.contains(alert.id)) result.push_back(alert);
  }
  tidy();
  return result;
}

bool AlertBook::is_open(std::string_view key) const {
  return std::any_of(alerts_.begin(), alerts_.end(),
                     [&](const Alert& alert) { return !alert.closed && alert.matter.key == key; });
}

std::vector<DueMessage> AlertBook::due(base::Instant now) const {
  std::vector<DueMessage> due;
  for (const Alert& alert : alerts_) add_due(alert, now, due);
  return due;
}

std::optional<Alert> AlertBook::note(const DueMessage& message, std::string_view problem,
                                     base::Instant now) {
  const auto alert = std::find_if(alerts_.begin(), alerts_.end(),
                                  [&](const Alert& each) { return each.id == message.alert_id; });
  if (alert == alerts_.end()) return std::nullopt;
  for (AlertMessage& told : alert->messages) {
    if (told.number != message.message.number) continue;
    for (AlertDelivery& delivery : told.deliveries) {
      if (delivery.to.id != message.to.id || !delivery.is_pending()) continue;
      ++delivery.tries;
      delivery.problem = problem;
      const auto wait = wait_before_retry(delivery.tries, since(told.time, now));
      if (problem.empty() || !wait) {
        delivery.time = now;
      } else {
        delivery.next_try = now + *wait;
      }
    }
  }
  return *alert;
}

std::vector<Alert> AlertBook::alerts() const {
  std::vector<Alert> ordered{alerts_.rbegin(), alerts_.rend()};
  std::stable_partition(ordered.begin(), ordered.end(),
                        [](const Alert& alert) { return !alert.closed; });
  return ordered;
}

std::size_t AlertBook::open_count() const {
  return static_cast<std::size_t>(std::count_if(alerts_.begin(), alerts_.end(),
                                                [](const Alert& alert) { return !alert.closed; }));
}

// What is still to be told stays, however much there is: within a day it is told or given up.
void AlertBook::tidy() {
  std::size_t closed = alerts_.size() - open_count();
  std::erase_if(alerts_, [&](const Alert& alert) {
    if (closed <= kMostClosed || !alert.closed || alert.has_pending()) return false;
    --closed;
    return true;
  });
}

}  // namespace jobs
