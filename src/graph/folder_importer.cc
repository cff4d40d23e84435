#include "src/graph/folder_importer.h"

#include "src/base/digest.h"
#include "src/base/error.h"
#include "src/base/text.h"
#include "src/graph/import_refusal.h"
#include "src/graph/paths.h"

#include <algorithm>
#include <array>
#include <utility>
#include <variant>

namespace graph {
namespace {

constexpr base::Duration kFirstLook = std::chrono::seconds{1};
constexpr base::Duration kLongestWait = std::chrono::seconds{30};
// A job that is not over by then is not waited for.
constexpr base::Duration kLongestJob = std::chrono::hours{6};

class StreamBody final : public http::BodySource {
 public:
  explicit StreamBody(StreamSource& stream) : stream_(stream) {}

  [[nodiscard]] std::uint64_t size_bytes() const override { return stream_.size_bytes(); }
  std::size_t read(base::MutableByteView target) override { return stream_.read(target); }
  void rewind() override { stream_.rewind(); }

 private:
  StreamSource& stream_;
};

class HashingSink final : public ExportSink {
 public:
  void begin() override { hash_ = base::Sha256Stream{}; }
  void data(base::ByteView piece) override { hash_.update(piece); }
  void end(const std::string&, const std::string&) override { digest_ = hash_.finish(); }
  void abandon() override {}
  void failed(const std::string&, const UnitError&) override {}

  [[nodiscard]] const std::optional<base::Sha256>& digest() const { return digest_; }

 private:
  base::Sha256Stream hash_;
  std::optional<base::Sha256> digest_;
};

base::Sha256 digest_of(StreamSource& stream) {
  base::Sha256Stream hash;
  std::array<std::byte, 64 * 1024> piece{};
  stream.rewind();
  while (const std::size_t count = stream.read(piece)) {
    hash.update(base::ByteView{piece}.first(count));
  }
  return hash.finish();
}

// The article names no values for a job's status: these are the usual ones, and what is none of
// them is still under way.
bool says_done(std::string_view status) {
  return status == "completed" || status == "succeeded" || status == "success";
}

bool says_failed(std::string_view status) {
  return status == "failed" || status == "error" || status == "cancelled" || status == "canceled" ||
         status == "partiallycompleted" || status == "completedwitherrors";
}

// The job's outcome, as far as the document tells it.
std::optional<ImportResult> outcome_of(const Json& job, const std::string& folder_id) {
  const std::string status = base::to_lower(job["status"].text());
  if (says_done(status)) return Imported{folder_id, ""};
  if (!says_failed(status)) return std::nullopt;
  const Json& error = job["error"];
  ServiceError told;
  told.code = bounded_text(error["code"].text_or_nothing(), 100);
  told.message = bounded_text(error["message"].text_or_nothing());
  ImportRefused refused = import_refusal(0, told);
  if (told.code.empty()) refused.error.code = "ImportJobFailed";
  if (told.message.empty()) refused.error.message = base::text("the import job ended: ", status);
  return refused;
}

// The id that the answer gives the job: its own, or the end of the address where it can be asked
// about.
std::string job_id_of(const Answer& answer) {
  if (const auto id = answer.document["id"].text(); !id.empty()) return std::string{id};
  std::string_view location = answer.head.header("Location").value_or("");
  location = location.substr(0, location.find_first_of("?#"));
  while (location.ends_with('/')) location.remove_suffix(1);
  return std::string{location.substr(location.rfind('/') + 1)};
}

}  // namespace

ImportResult FolderImporter::import(const UserMailbox& mailbox, const std::string& folder_id,
                                    StreamSource& stream, const std::optional<ImportOver>& over,
                                    std::stop_token stop) {
  if (over) {
    return ImportRefused{
        {"CannotReplace", "a folder's stream cannot replace what lies in the folder", false},
        false};
  }
  const Place place{mailbox.id().value, folder_id};
  const base::Duration now = wiring_.clock.monotonic();
  std::optional<std::string> doubted;
  {
    auto in_doubt = in_doubt_.lock();
    const auto known = in_doubt->find(place);
    // A job that nobody can ask about, and that was sent so long ago, fills the folder no more.
    const bool is_over = known != in_doubt->end() && known->second.job_id.empty() &&
                         now - known->second.since >= kLongestJob;
    if (is_over) {
      in_doubt->erase(known);
    } else if (known != in_doubt->end()) {
      doubted = known->second.job_id;
    }
  }
  ImportResult result = doubted ? look_after(mailbox, folder_id, *doubted, stream, stop)
                                : send(mailbox, folder_id, stream, stop);
  auto in_doubt = in_doubt_.lock();
  if (std::holds_alternative<ImportUncertain>(result)) {
    in_doubt->try_emplace(place, Doubt{"", wiring_.clock.monotonic()});
  } else {
    in_doubt->erase(place);
  }
  return result;
}

ImportResult FolderImporter::send(const UserMailbox& mailbox, const std::string& folder_id,
                                  StreamSource& stream, const std::stop_token& stop) {
  if (auto result = judge_target(mailbox, folder_id, stream, stop)) return *std::move(result);
  StreamBody body{stream};
  const Submission submission = client_.submit(
      {.operation = Operation::import_folder,
       .budget = mailbox.id().value,
       .url = client_.url(mailbox.mailbox_path(),
                          "/importJobs?targetRootFolder=", base::percent_encode(folder_id)),
       .method = "POST",
       .stream = &body},
      stop);
  if (!submission.answer) return ImportUncertain{submission.doubt};
  const Answer& answer = *submission.answer;
  if (!answer.succeeded()) {
    throw_if_mailbox_gone(answer.error);
    return import_refusal(answer.status(), answer.error);
  }
  // From here on the folder may be filled, whatever is said.
  try {
    if (auto result = outcome_of(answer.document, folder_id)) return *std::move(result);
    const std::string job_id = job_id_of(answer);
    if (job_id.empty()) return ImportUncertain{"accepted, but the answer names no job"};
    in_doubt_.lock()->insert_or_assign(Place{mailbox.id().value, folder_id},
                                       Doubt{job_id, wiring_.clock.monotonic()});
    return follow(mailbox, folder_id, job_id, stop);
  } catch (const base::Error& error) {
    return ImportUncertain{error.what()};
  }
}

ImportResult FolderImporter::look_after(const UserMailbox& mailbox, const std::string& folder_id,
                                        const std::string& job_id, StreamSource& stream,
                                        const std::stop_token& stop) {
  try {
    if (!job_id.empty()) return follow(mailbox, folder_id, job_id, stop);
    if (holds(mailbox, folder_id, stream, stop).value_or(false)) return Imported{folder_id, ""};
    return ImportUncertain{"the answer was lost, and the folder does not hold the stream yet"};
  } catch (const base::Error& error) {
    return ImportUncertain{error.what()};
  }
}

std::optional<ImportResult> FolderImporter::judge_target(const UserMailbox& mailbox,
                                                         const std::string& folder_id,
                                                         StreamSource& stream,
                                                         const std::stop_token& stop) {
  const auto refuse = [](const char* code, const char* why, bool is_gone) {
    return ImportRefused{{code, why, is_gone}, false};
  };
  const MailFolders::Filling filling = folders_.filling(mailbox, folder_id, stop);
  if (filling == MailFolders::Filling::empty) return std::nullopt;
  if (filling == MailFolders::Filling::gone) {
    return refuse("ErrorItemNotFound", "the folder is not there any more", true);
  }
  const std::optional<bool> is_there = holds(mailbox, folder_id, stream, stop);
  if (!is_there) return refuse("NotCompared", "what lies in the folder cannot be read", false);
  if (*is_there) return Imported{folder_id, ""};
  if (filling == MailFolders::Filling::untold) return std::nullopt;
  return refuse("FolderNotEmpty",
                "the folder holds something else, and a folder's stream would be added to it",
                false);
}

std::optional<bool> FolderImporter::holds(const UserMailbox& mailbox, const std::string& folder_id,
                                          StreamSource& stream, const std::stop_token& stop) {
  HashingSink sink;
  const std::array unit{ExportRequest{folder_id, 0}};
  exporter_.export_units(mailbox, unit, sink, stop);
  if (!sink.digest()) return std::nullopt;
  return *sink.digest() == digest_of(stream);
}

ImportResult FolderImporter::follow(const UserMailbox& mailbox, const std::string& folder_id,
                                    const std::string& job_id, const std::stop_token& stop) {
  const base::Duration give_up_at = wiring_.clock.monotonic() + kLongestJob;
  for (base::Duration wait = kFirstLook;; wait = std::min(2 * wait, kLongestWait)) {
    wiring_.clock.sleep_for(wait, stop);
    if (stop.stop_requested()) return ImportUncertain{"stopped while the service worked on it"};
    const Answer answer = client_.ask(
        {.operation = Operation::ask_import_job,
         .budget = mailbox.id().value,
         .url = client_.url(mailbox.mailbox_path(), "/importJobs/", base::percent_encode(job_id))},
        stop);
    if (!answer.succeeded()) {
      return ImportUncertain{unexpected_answer(Operation::ask_import_job, answer).what()};
    }
    if (auto result = outcome_of(answer.document, folder_id)) return *std::move(result);
    if (wiring_.clock.monotonic() >= give_up_at) {
      return ImportUncertain{"the service works on it for hours"};
    }
  }
}

}  // namespace graph
