#include "src/daemon/alert_desk.h"

#include "src/base/error.h"
#include "src/base/file.h"
#include "src/base/log.h"
#include "src/base/text.h"

#include <set>
#include <utility>

namespace appliance {
namespace {

// 500 closed alerts take about a megabyte; a mistake of ours must not take all memory.
constexpr std::size_t kMostFileBytes = std::size_t{256} << 20;

jobs::AlertBook read_book(const std::filesystem::path& file) {
  try {
    return jobs::AlertBook::decode(base::read_file(file, kMostFileBytes));
  } catch (const base::Error& error) {
    if (error.kind() == base::ErrorKind::not_found) return {};
    std::filesystem::path aside = file;
    aside += ".unreadable";
    std::error_code failure;
    std::filesystem::rename(file, aside, failure);
    base::log(base::LogLevel::error, "the alerts of before are not known: ", error.what(),
              failure ? "" : base::text("; the file is now ", aside.string()));
    return {};
  }
}

std::vector<jobs::Record> records_of(const std::vector<jobs::Alert>& alerts) {
  std::vector<jobs::Record> records;
  for (const jobs::Alert& alert : alerts) records.push_back(jobs::alert_record(alert));
  return records;
}

}  // namespace

AlertDesk::AlertDesk(const AlertSettings& settings, std::filesystem::path file, base::Clock& clock)
    : AlertDesk(std::shared_ptr<AlertSender>{make_alert_sender(settings)}, std::move(file), clock) {
}

AlertDesk::AlertDesk(std::shared_ptr<AlertSender> sender, std::filesystem::path file,
                     base::Clock& clock)
    : file_(std::move(file)),
      clock_(clock),
      kept_(Kept{read_book(file_)}),
      sender_(std::move(sender)) {}

void AlertDesk::write(Kept& kept) const {
  try {
    base::replace_file(file_, kept.book.encode());
    kept.is_written = true;
  } catch (const base::Error& error) {
    if (std::exchange(kept.is_written, false)) {
      base::log(base::LogLevel::error, "the book of alerts cannot be kept: ", error.what());
    }
  }
}

std::vector<jobs::Record> AlertDesk::update(const jobs::AlertFacts& facts) {
  const std::shared_ptr<AlertSender> sender = *sender_.lock();
  const base::Instant now = clock_.now();
  auto kept = kept_.lock();
  const auto is_open = [&](std::string_view key) { return kept->book.is_open(key); };
  const jobs::Judgement judgement = jobs::judge(facts, is_open, now);
  const auto changed = kept->book.update(judgement, sender->receivers(), now);
  if (!changed.empty() || !kept->is_written) write(*kept);
  return records_of(changed);
}

std::vector<jobs::Record> AlertDesk::deliver_due(const std::stop_token& stop) {
  std::lock_guard sending{sending_};
  const std::shared_ptr<AlertSender> sender = *sender_.lock();
  const std::vector<jobs::DueMessage> due = kept_.lock()->book.due(clock_.now());
  std::set<std::string> failed;
  std::vector<jobs::Record> changed;
  for (const jobs::DueMessage& message : due) {
    if (stop.stop_requested()) break;
    if (failed.contains(message.to.id)) continue;
    const std::string problem = sender->send(message, stop);
    if (!problem.empty()) {
      if (stop.stop_requested()) break;  // nobody refused it
      failed.insert(message.to.id);
    }
    auto kept = kept_.lock();
    const auto alert = kept->book.note(message, problem, clock_.now());
    if (!alert) continue;
    write(*kept);
    changed.push_back(jobs::alert_record(*alert));
  }
  return changed;
}

std::vector<jobs::Record> AlertDesk::records() const {
  return records_of(kept_.lock()->book.alerts());
}

std::size_t AlertDesk::open_count() const { return kept_.lock()->book.open_count(); }

bool AlertDesk::is_open(std::string_view key) const { return kept_.lock()->book.is_open(key); }

std::vector<SentTest> AlertDesk::send_test(const std::stop_token& stop) {
  std::lock_guard sending{sending_};
  const std::shared_ptr<AlertSender> sender = *sender_.lock();
  return send_test_alert(*sender, clock_.now(), stop);
}

void AlertDesk::reload(const AlertSettings& settings) {
  std::shared_ptr<AlertSender> sender{make_alert_sender(settings)};
  std::swap(*sender_.lock(), sender);
}

}  // namespace appliance
