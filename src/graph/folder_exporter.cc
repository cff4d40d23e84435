#include "src/graph/folder_exporter.h"

#include "src/base/digest.h"
#include "src/base/error.h"
#include "src/base/log.h"
#include "src/base/text.h"
#include "src/graph/paths.h"

#include <string>
#include <utility>

namespace graph {
namespace {

// A stream that broke off begins anew, so few tries are many bytes.
constexpr unsigned kAttempts = 4;

// Leaves the transport when an answer is no stream; never leaves this file.
struct NoStream {
  std::string why;
};

}  // namespace

class FolderExporter::Receiver final : public http::BodySink {
 public:
  explicit Receiver(ExportSink& sink) : sink_(sink) {}

  void on_head(const http::ResponseHead& head) override {
    if (head.status != 200) {
      throw NoStream{base::text("the service answered ", head.status, " instead of a stream")};
    }
    const std::string type = base::to_lower(head.header("Content-Type").value_or(""));
    // An error in the clothes of a success must not be stored as a folder.
    if (type.starts_with("application/json") || type.starts_with("text/")) {
      throw NoStream{base::text("the service's answer is of type ", bounded_text(type, 60),
                                ", which is no stream")};
    }
    to_sink([&] { sink_.begin(); });
    streaming_ = true;
  }

  void on_body(base::ByteView piece) override {
    hash_.update(piece);
    to_sink([&] { sink_.data(piece); });
  }

  // False if there was no stream.
  bool end(const std::string& folder_id) {
    if (!std::exchange(streaming_, false)) return false;
    to_sink([&] { sink_.end(folder_id, hash_.finish().hex()); });
    return true;
  }

  // What began and will not end is void. Not after the sink itself failed: it knows.
  void abandon() {
    if (!std::exchange(streaming_, false) || sink_failed_) return;
    sink_.abandon();
  }

 private:
  template <typename Action>
  void to_sink(Action action) {
    sink_failed_ = true;
    action();
    sink_failed_ = false;
  }

  ExportSink& sink_;
  base::Sha256Stream hash_;
  bool streaming_ = false;
  bool sink_failed_ = false;
};

void FolderExporter::export_units(const UserMailbox& mailbox, std::span<const ExportRequest> units,
                                  ExportSink& sink, std::stop_token stop) {
  for (const ExportRequest& unit : units) export_folder(mailbox, unit.item_id, sink, stop);
}

void FolderExporter::export_folder(const UserMailbox& mailbox, const std::string& folder_id,
                                   ExportSink& sink, const std::stop_token& stop) {
  const Call call{.operation = Operation::export_folder,
                  .budget = mailbox.id().value,
                  .url = client_.url(mailbox.mailbox_path(), "/exportJobs"),
                  .method = "POST",
                  .body = base::text("{\"sourceFolder\":", json_quoted(folder_id),
                                     ",\"targetRootFolder\":null}"),
                  .accept = "application/octet-stream"};
  for (unsigned attempt = 1;; ++attempt) {
    Receiver receiver{sink};
    StreamOutcome outcome;
    UnitError reason;
    try {
      outcome = client_.stream(call, receiver, stop);
    } catch (const NoStream& no_stream) {
      outcome.transfer.failure = http::TransferFailure::interrupted;
      reason = {"NoStream", no_stream.why, false};
    } catch (...) {
      receiver.abandon();
      throw;
    }
    if (outcome.succeeded() && receiver.end(folder_id)) return;
    receiver.abandon();
    throw_if_mailbox_gone(outcome.error);
    const http::Transfer& transfer = outcome.transfer;
    if (reason.code.empty() && !transfer.arrived()) reason = {"TruncatedAnswer", transfer.detail};
    if (reason.code.empty()) reason = {outcome.error.code, outcome.error.message};
    if (reason.code.empty()) reason.code = base::text("HTTP ", transfer.head.status);
    const bool is_cut_request = transfer.head.status == 400 && outcome.error.says_request_unread();
    const bool broke_off = !transfer.arrived() || transfer.head.status >= 500 || is_cut_request;
    if (!broke_off || attempt == kAttempts) {
      // "Not found" may speak of anything on the way; what is gone is not kept in the next
      // snapshot.
      reason.is_gone = transfer.head.status == 404 && !folders_.find(mailbox, folder_id, stop);
      return sink.failed(folder_id, reason);
    }
    base::log(base::LogLevel::debug, "a folder of mailbox ", mailbox.mailbox_id,
              " is asked for again: ", reason.code, " ", reason.message);
    ++wiring_.counters.retried;
    wiring_.clock.sleep_for(http::backoff(attempt, wiring_.jitter.next()), stop);
  }
}

}  // namespace graph
