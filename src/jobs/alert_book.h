// The alerts of an appliance: what is open, what was open, and who was told of it.
//
// A value: whoever has it keeps it in a file (encode, decode) and does the sending. It says what to
// send, and is told what became of that. A receiver is told each message once, unless the process
// dies between the sending and the note of it: then once more, under the same message id.
#pragma once

#include "src/base/bytes.h"
#include "src/base/clock.h"
#include "src/jobs/alerts.h"
#include "src/jobs/record.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jobs {

// Where alerts go, without what is secret of it.
struct Receiver {
  std::string id;     // stands for it in the book: a digest, or the mail address
  std::string shown;  // "https://hooks.example/…", "admins@contoso.com"
};

enum class AlertEvent : std::uint8_t { opened, escalated, reopened, over, test };
std::string_view name(AlertEvent event);

// How long to wait before the next try, after so many in vain; empty once the message is older than
// a day: it is given up. Pure.
std::optional<base::Duration> wait_before_retry(std::uint64_t tries, base::Duration age);

// One message to one receiver.
struct AlertDelivery {
  Receiver to;
  std::uint64_t tries = 0;
  base::Instant next_try;             // while it is pending
  std::optional<base::Instant> time;  // when it was taken, or given up
  std::string problem;                // of the last try; empty if it was taken

  [[nodiscard]] bool is_pending() const { return !time; }
};

// What there is to say of an alert at one time; does not change afterwards.
struct AlertMessage {
  std::uint64_t number = 1;  // within its alert
  AlertEvent event = AlertEvent::opened;
  base::Instant time;
  std::optional<base::Instant> closed{};  // of an end: when that was
  Severity severity = Severity::warning;
  std::string subject;
  std::string message;
  std::string next_step;
  std::vector<AlertDelivery> deliveries;
};

struct Alert {
  std::string id;  // a ULID
  Matter matter;   // as it was last judged
  base::Instant opened;
  std::optional<base::Instant> closed;
  std::uint64_t told_stage = 0;
  std::vector<AlertMessage> messages;  // in the order of telling; the oldest are dropped

  // Whether the last message says that it is open.
  [[nodiscard]] bool is_told_open() const;
  [[nodiscard]] bool has_pending() const;
};

// {"type":"alert","id","kind","severity","subject","message","next_step","opened","closed","sent":
// [{"to","event","time","problem"}]}. A delivery that is pending has no time; one that was given up
// has a time and a problem.
Record alert_record(const Alert& alert);

// A message that is due for a receiver, with all that has to be said.
struct DueMessage {
  Receiver to;
  std::string id;  // of the message, the same at each try: "<alert id>.<number>"
  std::string alert_id;
  std::string first_id;  // of the alert's first message: what mail threads by
  AlertKind kind = AlertKind::run;
  AlertMessage message;  // its deliveries left out
  base::Instant opened;
  std::optional<base::Instant> closed;
};

class AlertBook {
 public:
  // Within so long after it was told that a matter is over, its return is not told; after that it
  // is, if it lasts.
  static constexpr base::Duration kSteady = std::chrono::hours{1};
  static constexpr std::size_t kMostClosed = 500;

  // Takes what is judged now. New matters, new stages and ends become messages to `receivers`;
  // messages to others that are still pending are given up. Gives the alerts that changed.
  std::vector<Alert> update(const Judgement& judgement, const std::vector<Receiver>& receivers,
                            base::Instant now);
  [[nodiscard]] bool is_open(std::string_view key) const;

  // What to send now: to each receiver the oldest of each alert that is pending for it.
  [[nodiscard]] std::vector<DueMessage> due(base::Instant now) const;
  // What became of it; `problem` empty: it was taken. Gives the alert, or empty if it is no longer
  // in the book.
  std::optional<Alert> note(const DueMessage& message, std::string_view problem, base::Instant now);

  // Open ones first, then the newest first.
  [[nodiscard]] std::vector<Alert> alerts() const;
  [[nodiscard]] std::size_t open_count() const;

  [[nodiscard]] base::Bytes encode() const;
  // Error(corrupt).
  static AlertBook decode(base::ByteView bytes);

 private:
  // The open alert of that key, or one that ended so lately that it may go on; else null.
  Alert* find_live(std::string_view key, base::Instant now);
  void tidy();

  std::vector<Alert> alerts_;  // in the order of opening
};

}  // namespace jobs
