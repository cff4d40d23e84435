#include "src/jobs/job_outcome.h"

#include "src/base/text.h"
#include "src/jobs/error_record.h"

#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace jobs {
namespace {

std::string_view type_of(const Record& record) {
  const Value* type = record.find("type");
  const auto* text = type != nullptr ? std::get_if<std::string>(&type->content()) : nullptr;
  return text != nullptr ? *text : std::string_view{};
}

}  // namespace

Told told_error(const base::Error& error, ExitStatus status) {
  std::string text = base::text("coffer: error: ", base::printable(error.message()));
  std::string_view before = " (";
  for (const std::string& context : error.context()) {
    text += base::text(before, base::printable(context));
    before = "; ";
  }
  if (!error.context().empty()) text += ')';
  return {Told::Kind::error, error_record(error, status, ""), std::move(text)};
}

void note_told(const Told& told, Job& job) {
  if (!told.record) return;
  const std::string_view type = type_of(*told.record);
  if (type == "error") job.error = told.record;
  if (type == "error" || type == "problem") ++job.problems;
  if (type != "summary") return;
  job.summary = told.record;
  const Value* problems = told.record->find("problems");
  const auto* list = problems != nullptr ? std::get_if<Value::List>(&problems->content()) : nullptr;
  if (list != nullptr) job.problems += list->size();
}

JobEnd end_of(ExitStatus status, bool was_cancelled) {
  switch (status) {
    case ExitStatus::done:
      return JobEnd::complete;
    case ExitStatus::partial:
      return JobEnd::partial;
    case ExitStatus::interrupted:
      return was_cancelled ? JobEnd::cancelled : JobEnd::interrupted;
    case ExitStatus::failed:
    case ExitStatus::usage:
    case ExitStatus::denied:
    case ExitStatus::not_found:
    case ExitStatus::no_store:
    case ExitStatus::in_use:
    case ExitStatus::wrong_key:
    case ExitStatus::corrupt:
    case ExitStatus::full:
      return JobEnd::failed;
  }
  return JobEnd::failed;
}

void end_job(Job& job, JobEnd end, ExitStatus status, base::Instant now) {
  job.state = JobState::ended;
  job.end = end;
  job.exit_status = number(status);
  job.ended = now;
}

}  // namespace jobs
