// Answers that only look.
#include "src/base/error.h"
#include "src/base/text.h"
#include "web-status/answers.h"
#include "web-status/routes.h"

#include <algorithm>

namespace web {

Response answer_status(Call& call) { return json_answer(call.parts.view.status()); }

Response answer_mailboxes(Call& call) {
  const Parameters& given = call.parameters;
  MailboxQuery query;
  query.search = given.get("search");
  query.state =
      given.one_of("state", {"protected", "at_risk", "unprotected", "excluded", "unsupported"});
  query.policy = given.get("policy");
  query.reason = given.get("reason");
  query.page = given.page();
  return json_answer(list_of("mailboxes", call.parts.view.mailboxes(query)));
}

Response answer_mailbox(Call& call) {
  return json_answer(call.parts.view.mailbox(call.names.front()));
}

Response answer_snapshots(Call& call) {
  const Parameters& given = call.parameters;
  return json_answer(
      list_of("snapshots", call.parts.view.snapshots(given.get("mailbox"), given.page())));
}

Response answer_items(Call& call) {
  const Parameters& given = call.parameters;
  ItemQuery query;
  query.mailbox = given.require("mailbox");
  if (given.has("at")) query.at = given.require("at");
  query.folder = given.get("folder");
  query.subject = given.get("subject");
  query.from = given.get("from");
  query.after = given.get("after_date");
  query.before = given.get("before_date");
  query.type = given.get("type");
  query.page = given.page();
  if (query.is_search() && !query.folder.empty()) {
    throw base::Error{base::ErrorKind::usage,
                      "a search looks through the whole restore point: leave \"folder\" out"};
  }
  return json_answer(list_of("items", call.parts.view.items(query)));
}

Response answer_jobs(Call& call) {
  const Parameters& given = call.parameters;
  JobQuery query;
  query.state = given.one_of("state", {"queued", "running", "paused", "ended"});
  query.command = given.get("command");
  query.page = given.page();
  return json_answer(list_of("jobs", call.parts.view.jobs(query)));
}

Response answer_job(Call& call) { return json_answer(call.parts.view.job(call.names.front())); }

Response answer_job_records(Call& call) {
  const Parameters& given = call.parameters;
  return json_answer(list_of(
      "records", call.parts.view.job_records(call.names.front(), given.get("type"), given.page())));
}

Response answer_job_report(Call& call) {
  const std::string& id = call.names.front();
  TextSource report = call.parts.view.job_report(id);
  std::string file_name = base::text("coffer-job-", id, ".jsonl");
  std::ranges::replace_if(
      file_name,
      [](char c) {
        constexpr std::string_view kPlain = "-._";
        const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                              (c >= '0' && c <= '9') || kPlain.find(c) != std::string_view::npos;
        return !is_plain;
      },
      '_');
  return {200,
          {{"Content-Type", "application/x-ndjson"},
           {"Content-Disposition", base::text("attachment; filename=\"", file_name, "\"")}},
          std::move(report)};
}

Response answer_schedule(Call& call) {
  return json_answer(
      list_of("schedule", part_of(call.parts.view.schedule(), call.parameters.page())));
}

Response answer_storage(Call& call) { return json_answer(call.parts.view.storage()); }

Response answer_retention(Call& call) {
  const Parameters& given = call.parameters;
  return json_answer(
      call.parts.view.simulate_retention(given.get("policy"), given.fields("policy")));
}

Response answer_alerts(Call& call) {
  return json_answer(list_of("alerts", call.parts.view.alerts(call.parameters.page())));
}

Response answer_audit(Call& call) {
  const Parameters& given = call.parameters;
  return json_answer(list_of("audit", call.parts.view.audit(given.get("since"), given.page())));
}

Response answer_holds(Call& call) {
  return json_answer(list_of("holds", part_of(call.parts.view.holds(), call.parameters.page())));
}

Response answer_settings(Call& call) { return json_answer(call.parts.view.settings()); }

Response answer_events(Call& call) {
  return {200,
          {{"Content-Type", "text/event-stream"}},
          EventStream{[&access = call.parts.access, caller = call.caller] {
            return access.is_still_welcome(caller);
          }}};
}

}  // namespace web
