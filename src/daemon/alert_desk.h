// Tells people of alerts: keeps the book of them in a file and sends what is due.
#pragma once

#include "src/base/clock.h"
#include "src/base/synchronized.h"
#include "src/daemon/alert_delivery.h"
#include "src/daemon/configuration.h"
#include "src/jobs/alert_book.h"
#include "src/jobs/alerts.h"
#include "src/jobs/record.h"

#include <cstddef>
#include <filesystem>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace appliance {

// Thread-safe. Whoever owns it calls update() whenever facts may have changed, and deliver_due()
// every minute or so and after each update, from a thread that may wait for the network.
//
// The book is durable when a call returns. Where its file cannot be written (a full disk is
// something to be alerted to), the log says so once, alerts go out all the same, and the next
// change writes it again; only a restart would then tell again what was told.
class AlertDesk {
 public:
  // `file` is where the book is kept; its folder exists. A book that cannot be read is set aside as
  // `<file>.unreadable` and told in the log: what is open is then told anew. The clock outlives it.
  AlertDesk(const AlertSettings& settings, std::filesystem::path file, base::Clock& clock);
  // The same with another way out.
  AlertDesk(std::shared_ptr<AlertSender> sender, std::filesystem::path file, base::Clock& clock);

  // Judges the facts against what is open. Nothing is sent yet. Gives the records of alerts that
  // changed.
  std::vector<jobs::Record> update(const jobs::AlertFacts& facts);

  // Sends what is due. A receiver that fails once is left alone until the next call. Gives the
  // records of alerts of which something was sent, or tried.
  std::vector<jobs::Record> deliver_due(const std::stop_token& stop);

  // {"type":"alert",...}: open ones first, then the newest first.
  [[nodiscard]] std::vector<jobs::Record> records() const;
  [[nodiscard]] std::size_t open_count() const;
  [[nodiscard]] bool is_open(std::string_view key) const;

  // Sends a test alert to every receiver, at once; it is not in the book. Empty if none is
  // configured. Error(cancelled) if `stop` came first.
  std::vector<SentTest> send_test(const std::stop_token& stop);

  // From now on in force. What is pending for a receiver that is gone is given up by the next
  // update().
  void reload(const AlertSettings& settings);

 private:
  struct Kept {
    jobs::AlertBook book;
    bool is_written = true;
  };
  void write(Kept& kept) const;

  std::filesystem::path file_;
  base::Clock& clock_;
  base::Synchronized<Kept> kept_;
  std::mutex sending_;  // one sends at a time: nobody is told twice
  // Shared with whoever is sending by it while it is replaced.
  base::Synchronized<std::shared_ptr<AlertSender>> sender_;
};

}  // namespace appliance
