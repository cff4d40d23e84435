#include "src/jobs/job.h"

#include "src/base/text.h"
#include "src/jobs/exit_status.h"
#include "src/jobs/record_reader.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

namespace jobs {
namespace {

constexpr std::string_view kWhat = "a job's file";
// Of one field of a record, and of all words of an order.
constexpr std::size_t kMostFieldBytes = 1024;

constexpr std::array kStates{JobState::queued, JobState::running, JobState::paused,
                             JobState::ended};
constexpr std::array kEnds{JobEnd::complete, JobEnd::partial, JobEnd::failed, JobEnd::interrupted,
                           JobEnd::cancelled};

template <typename Known>
std::optional<Known> find_name(std::string_view text, const auto& all) {
  const auto* found = std::ranges::find_if(all, [&](Known known) { return name(known) == text; });
  return found == all.end() ? std::nullopt : std::optional<Known>{*found};
}

Value::List as_list(const std::vector<std::string>& texts) { return {texts.begin(), texts.end()}; }

// The words behind the command's own.
Value::List arguments_of(const JobOrder& order) {
  const std::vector<std::string> command = base::split(order.command, ' ');
  const auto [rest, end] = std::ranges::mismatch(order.words, command);
  return end == command.end() ? Value::List(rest, order.words.end()) : as_list(order.words);
}

// Not by the conditional operator: of Values it makes g++ see uninitialized ones.
template <typename Known>
Value or_null(const std::optional<Known>& maybe) {
  if (maybe) return *maybe;
  return {};
}

std::optional<std::string_view> end_name(const Job& job) {
  if (!job.end) return std::nullopt;
  return name(*job.end);
}

std::size_t size_of(const Value& value) { return encode_record({{"", value}}).size(); }

// Not within a character.
std::string_view first_part(std::string_view text) {
  std::size_t end = std::min(text.size(), kMostFieldBytes);
  while (end > 0 && end < text.size() && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) {
    --end;
  }
  return text.substr(0, end);
}

// How many of the first elements may stay.
std::size_t kept_of(const Value::List& list) {
  std::size_t kept = 0;
  std::size_t bytes = 0;
  while (kept < list.size() && (bytes += size_of(list[kept])) <= kMostFieldBytes) ++kept;
  return kept;
}

void shorten(std::optional<Record>& record) {
  if (!record) return;
  Record left_out;
  Record shorter;
  for (const auto& [field, value] : record->fields()) {
    if (size_of(value) <= 2 * kMostFieldBytes) {
      shorter.set(field, value);
    } else if (const auto* list = std::get_if<Value::List>(&value.content())) {
      const std::size_t kept = kept_of(*list);
      shorter.set(field,
                  Value::List{list->begin(), list->begin() + static_cast<std::ptrdiff_t>(kept)});
      left_out.set(field, list->size() - kept);
    } else if (const auto* text = std::get_if<std::string>(&value.content())) {
      shorter.set(field, base::text(first_part(*text), "…"));
    } else {
      shorter.set(field, nullptr);
      left_out.set(field, 1);
    }
  }
  if (!left_out.fields().empty()) shorter.set("left_out", left_out);
  record = std::move(shorter);
}

void shorten(std::vector<std::string>& words) {
  std::size_t bytes = 0;
  const auto too_much = std::ranges::find_if(
      words, [&](const std::string& word) { return (bytes += word.size()) > kMostFieldBytes; });
  if (too_much == words.end()) return;
  const auto missing = words.end() - too_much;
  words.erase(too_much, words.end());
  words.push_back(base::text("… (", missing, " more)"));
}

JobOrder read_order(const RecordReader& fields) {
  JobOrder order;
  order.words = fields.texts("words");
  order.command = fields.text("command");
  order.title = fields.text("title");
  order.by = {fields.text("user"), fields.text("login"), fields.text("host"),
              fields.text("process")};
  order.by_name = fields.text("by_name");
  order.reason = fields.text("reason");
  order.policy = fields.text("policy");
  order.mailbox = fields.text("mailbox");
  order.directory = fields.text("directory");
  order.occurrence = fields.maybe_instant("occurrence");
  return order;
}

}  // namespace

std::string_view name(JobState state) {
  switch (state) {
    case JobState::queued:
      return "queued";
    case JobState::running:
      return "running";
    case JobState::paused:
      return "paused";
    case JobState::ended:
      return "ended";
  }
  return "unknown";
}

std::string_view name(JobEnd end) {
  switch (end) {
    case JobEnd::complete:
      return "complete";
    case JobEnd::partial:
      return "partial";
    case JobEnd::failed:
      return "failed";
    case JobEnd::interrupted:
      return "interrupted";
    case JobEnd::cancelled:
      return "cancelled";
  }
  return "unknown";
}

Record job_record(const Job& job) {
  Value seconds;
  if (job.started && job.ended) {
    seconds = std::chrono::duration<double>(*job.ended - *job.started).count();
  }
  return Record{{"type", "job"},
                {"id", job.id},
                {"command", job.order.command},
                {"arguments", arguments_of(job.order)},
                {"title", job.order.title},
                {"state", name(job.state)},
                {"status", or_null(end_name(job))},
                {"exit_status", job.exit_status},
                {"by", job.order.by_name},
                {"reason", text_or_null(job.order.reason)},
                {"policy", text_or_null(job.order.policy)},
                {"mailbox", text_or_null(job.order.mailbox)},
                {"queued", job.queued},
                {"started", job.started},
                {"ended", job.ended},
                {"seconds", seconds},
                {"progress", nullptr},
                {"summary", or_null(job.summary)},
                {"error", or_null(job.error)},
                {"problems", job.problems}};
}

Job shortened(Job job) {
  shorten(job.summary);
  shorten(job.error);
  // One that may still be run needs them all.
  if (job.state == JobState::ended) shorten(job.order.words);
  return job;
}

base::Bytes encode_job(const Job& job) {
  const JobOrder& order = job.order;
  std::optional<std::uint64_t> exit_status;
  if (job.exit_status) exit_status = static_cast<std::uint64_t>(*job.exit_status);
  return encode_record({{"id", job.id},
                        {"words", as_list(order.words)},
                        {"command", order.command},
                        {"title", order.title},
                        {"user", order.by.user},
                        {"login", order.by.login},
                        {"host", order.by.host},
                        {"process", order.by.process},
                        {"by_name", order.by_name},
                        {"reason", order.reason},
                        {"policy", order.policy},
                        {"mailbox", order.mailbox},
                        {"directory", order.directory},
                        {"occurrence", in_milliseconds(order.occurrence)},
                        {"state", name(job.state)},
                        {"end", or_null(end_name(job))},
                        {"exit_status", or_null(exit_status)},
                        {"queued", in_milliseconds(std::optional{job.queued})},
                        {"started", in_milliseconds(job.started)},
                        {"ended", in_milliseconds(job.ended)},
                        {"attempts", job.attempts},
                        {"broken_off", job.broken_off},
                        {"problems", job.problems},
                        {"summary", or_null(job.summary)},
                        {"error", or_null(job.error)}});
}

Job decode_job(base::ByteView bytes) {
  const Record record = decode_record(bytes, kWhat);
  const RecordReader fields{record, kWhat};
  Job job;
  job.id = fields.text("id");
  job.order = read_order(fields);
  const auto state = find_name<JobState>(fields.text("state"), kStates);
  if (!state) fields.fail("state");
  job.state = *state;
  if (const auto end = fields.maybe_text("end")) {
    job.end = find_name<JobEnd>(*end, kEnds);
    if (!job.end) fields.fail("end");
  }
  if (const auto status = fields.maybe_number("exit_status")) {
    if (*status > std::numeric_limits<std::uint8_t>::max()) fields.fail("exit_status");
    job.exit_status = static_cast<int>(*status);
  }
  job.queued = fields.instant("queued");
  job.started = fields.maybe_instant("started");
  job.ended = fields.maybe_instant("ended");
  const bool is_ended = job.state == JobState::ended;
  if (is_ended != job.end.has_value() || is_ended != job.ended.has_value()) fields.fail("ended");
  job.attempts = fields.number("attempts");
  job.broken_off = fields.number("broken_off");
  job.problems = fields.number("problems");
  job.summary = fields.maybe_record("summary");
  job.error = fields.maybe_record("error");
  return job;
}

}  // namespace jobs
