#include "src/graph/exporter.h"

#include "src/base/error.h"
#include "src/base/log.h"
#include "src/base/text.h"
#include "src/graph/export_plan.h"
#include "src/graph/export_scanner.h"
#include "src/graph/paths.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>
#include <vector>

namespace graph {
namespace {

// What an item has behind it decides how few others its next call may carry: one that breaks whole
// answers is soon alone.
constexpr std::array kLevels{BatchLimits{}, BatchLimits{5, 8 * 1024 * 1024}, BatchLimits{1, 1},
                             BatchLimits{1, 1}};
constexpr std::size_t kAloneLevel = 2;

bool is_gone(const ServiceError& error) {
  return error.is_any_of({"ErrorItemNotFound", "itemNotFound", "ResourceNotFound"});
}

// Codes of single items that another try may heal; any other is the last word on the item.
bool is_transient(const ServiceError& error) {
  return error.code.empty() ||
         error.is_any_of({"ApplicationThrottled", "TooManyRequests", "activityLimitReached",
                          "ErrorServerBusy", "ErrorTooManyObjectsOpened", "ErrorTimeoutExpired",
                          "ErrorInternalServerError", "ErrorInternalServerTransientError",
                          "ErrorMailboxStoreUnavailable", "generalException", "serviceNotAvailable",
                          "UnknownError"});
}

bool is_item_throttling(const ServiceError& error) {
  return error.is_any_of(
      {"ApplicationThrottled", "TooManyRequests", "activityLimitReached", "ErrorServerBusy"});
}

std::string request_body(const Batch& batch) {
  std::string body = "{\"itemIds\":[";
  for (const ExportRequest& unit : batch) {
    if (&unit != &batch.front()) body += ',';
    body += json_quoted(unit.item_id);
  }
  return body + "]}";
}

// Leaves the transport when an answer stops making sense; never leaves this file.
struct AnswerMalformed {};

// Takes the answer to one call: hands whole streams to the sink and remembers what came of each
// item.
class BatchReceiver final : public ExportHandler, public http::BodySink {
 public:
  BatchReceiver(const Batch& batch, ExportSink& sink) : sink_(sink) {
    for (const ExportRequest& unit : batch) missing_.insert(unit.item_id);
  }

  void on_head(const http::ResponseHead&) override {}
  void on_body(base::ByteView piece) override {
    if (!scanner_.feed(piece)) throw AnswerMalformed{};
  }

  bool begin_data(const std::string& item_id) override {
    if (!item_id.empty() && !missing_.contains(item_id)) return false;
    to_sink([&] { sink_.begin(); });
    streaming_ = true;
    return true;
  }

  void data(base::ByteView piece) override {
    to_sink([&] { sink_.data(piece); });
  }

  void end_element(const ExportElement& element) override {
    // An element not asked for, or given before, changes nothing.
    const bool is_asked_for = missing_.contains(element.item_id);
    if (is_asked_for && element.data == ExportElement::Data::whole && !element.has_error &&
        streaming_) {
      missing_.erase(element.item_id);
      streaming_ = false;
      to_sink([&] { sink_.end(element.item_id, element.change_key); });
      return;
    }
    abandon();
    if (is_asked_for) errors_[element.item_id] = error_of(element);
  }

  // What began and will not end is void. Not after the sink itself failed: it knows.
  void abandon() {
    if (!std::exchange(streaming_, false) || sink_failed_) return;
    to_sink([&] { sink_.abandon(); });
  }

  [[nodiscard]] bool complete() const { return scanner_.complete(); }
  [[nodiscard]] bool is_missing(const std::string& id) const { return missing_.contains(id); }
  // What the answer said of the item; empty if nothing.
  [[nodiscard]] const ServiceError* error(const std::string& id) const {
    const auto found = errors_.find(id);
    return found == errors_.end() ? nullptr : &found->second;
  }

 private:
  template <typename Action>
  void to_sink(Action action) {
    sink_failed_ = true;
    action();
    sink_failed_ = false;
  }

  static ServiceError error_of(const ExportElement& element) {
    ServiceError error;
    if (element.has_error) {
      error.code = bounded_text(element.error_code, 100);
      error.message = bounded_text(element.error_message);
      if (error.code.empty()) error.code = "UnknownError";
    } else if (element.data == ExportElement::Data::damaged) {
      error.message = "the stream in the answer is damaged";
    } else {
      error.message = "the answer holds neither data nor an error for the item";
    }
    return error;
  }

  ExportSink& sink_;
  ExportScanner scanner_{*this};
  std::set<std::string> missing_;
  std::map<std::string, ServiceError> errors_;
  bool streaming_ = false;
  bool sink_failed_ = false;
};

}  // namespace

// One call of export_units().
class Exporter::Job {
 public:
  Job(ApiClient& client, const Wiring& wiring, const MailboxId& mailbox, ExportSink& sink,
      std::stop_token stop)
      : client_(client), wiring_(wiring), mailbox_(mailbox), sink_(sink), stop_(std::move(stop)) {}

  void run(std::span<const ExportRequest> units) {
    std::set<std::string_view> seen;
    for (const ExportRequest& unit : units) {
      if (seen.insert(unit.item_id).second) levels_[0].push_back(unit);
    }
    for (std::size_t level = 0; level < levels_.size(); ++level) {
      const auto batches = plan_batches(levels_[level], kLevels[level]);
      if (level > 0) wiring_.counters.retried += batches.size();
      for (const Batch& batch : batches) export_batch(batch, level);
    }
  }

 private:
  void export_batch(const Batch& batch, std::size_t level) {
    Call call{.operation = Operation::export_items,
              .budget = mailbox_.value,
              .url = client_.url(mailbox_path(mailbox_), "/exportItems"),
              .method = "POST",
              .body = request_body(batch)};
    BatchReceiver receiver{batch, sink_};
    StreamOutcome outcome;
    try {
      outcome = client_.stream(call, receiver, stop_);
    } catch (const AnswerMalformed&) {
      outcome.transfer.failure = http::TransferFailure::interrupted;
      outcome.transfer.detail = "the answer is not the JSON that it should be";
    } catch (...) {
      receiver.abandon();
      throw;
    }
    receiver.abandon();
    if (outcome.succeeded()) return settle_answered(batch, receiver, level);
    settle_unanswered(batch, receiver, outcome, level);
  }

  void settle_answered(const Batch& batch, const BatchReceiver& receiver, std::size_t level) {
    bool throttled = false;
    for (const ExportRequest& unit : batch) {
      if (!receiver.is_missing(unit.item_id)) continue;
      const ServiceError* error = receiver.error(unit.item_id);
      if (error != nullptr && !is_transient(*error)) {
        fail(unit, {error->code, error->message, is_gone(*error)});
        continue;
      }
      throttled = throttled || (error != nullptr && is_item_throttling(*error));
      UnitError reason{"NoAnswer", "the service's answer leaves the item out", false};
      if (!receiver.complete()) reason = {"TruncatedAnswer", "the service's answer was cut", false};
      if (error != nullptr)
        reason = {error->code.empty() ? "NoData" : error->code, error->message, false};
      postpone(unit, reason, level + 1);
    }
    if (throttled) {
      ++wiring_.counters.throttled;
      wiring_.gate.hold(mailbox_.value,
                        http::backoff(static_cast<unsigned>(level) + 1, wiring_.jitter.next()));
    }
  }

  void settle_unanswered(const Batch& batch, const BatchReceiver& receiver,
                         const StreamOutcome& outcome, std::size_t level) {
    const auto& transfer = outcome.transfer;
    throw_if_mailbox_gone(outcome.error);
    const bool is_cut_request = transfer.head.status == 400 && outcome.error.says_request_unread();
    const bool broke_off = !transfer.arrived() || transfer.head.status >= 500 || is_cut_request;
    UnitError reason{outcome.error.code, outcome.error.message, false};
    if (!transfer.arrived()) reason = {"TruncatedAnswer", transfer.detail, false};
    if (reason.code.empty()) reason.code = base::text("HTTP ", transfer.head.status);
    for (const ExportRequest& unit : batch) {
      if (!receiver.is_missing(unit.item_id)) continue;
      if (broke_off) {
        postpone(unit, reason, level + 1);
      } else if (batch.size() > 1) {
        postpone(unit, reason, kAloneLevel);  // one of them makes the service refuse them all
      } else {
        reason.is_gone = is_gone(outcome.error);
        fail(unit, reason);
      }
    }
    if (broke_off && level + 1 < levels_.size()) {
      wiring_.clock.sleep_for(
          http::backoff(static_cast<unsigned>(level) + 1, wiring_.jitter.next()), stop_);
    }
  }

  void postpone(const ExportRequest& unit, const UnitError& reason, std::size_t level) {
    if (level >= levels_.size()) return fail(unit, reason);
    base::log(base::LogLevel::debug, "an item of mailbox ", mailbox_.value,
              " is asked for again: ", reason.code, " ", reason.message);
    levels_[level].push_back(unit);
  }

  void fail(const ExportRequest& unit, const UnitError& error) {
    sink_.failed(unit.item_id, error);
  }

  ApiClient& client_;
  const Wiring& wiring_;
  const MailboxId& mailbox_;
  ExportSink& sink_;
  std::stop_token stop_;
  std::array<std::vector<ExportRequest>, kLevels.size()> levels_;
};

void Exporter::export_units(const MailboxId& mailbox, std::span<const ExportRequest> units,
                            ExportSink& sink, std::stop_token stop) {
  Job{client_, wiring_, mailbox, sink, std::move(stop)}.run(units);
}

}  // namespace graph
