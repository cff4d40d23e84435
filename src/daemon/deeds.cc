#include "src/daemon/deeds.h"

#include "src/base/error.h"
#include "src/base/log.h"
#include "src/base/text.h"
#include "src/catalog/restore_points.h"
#include "src/daemon/job_request.h"
#include "src/jobs/forget_job.h"

#include <utility>
#include <vector>

namespace appliance {
namespace {

// The machine is the one that the person sits at, as far as this one can tell.
jobs::AuditedBy audited_by(const web::Person& person) {
  return {person.account, "", person.address, jobs::this_process().process};
}

std::string replaced(std::string text, const std::string& part, const std::string& by) {
  const std::size_t place = text.find(part);
  return place == std::string::npos || part.empty() ? text : text.replace(place, part.size(), by);
}

}  // namespace

jobs::Record Deeds::start_job(const web::Person& person, const web::Fields& fields) {
  const JobRequest request = job_request(fields);
  jobs::JobOrder order;
  if (request.command == "restore") {
    const auto store = parts_.resources.open_store(store::Access::read);
    const store::Snapshot point = catalog::choose(points_.of(*store, request.mailbox), request.at);
    order = parts_.order_of(request.words_at(point.id));
    // For people an address says more than an id.
    order.title = replaced(order.title, request.mailbox, point.address);
    order.mailbox = point.address;
    order.reason = request.reason;
  } else {
    order = parts_.order_of(request.words);
  }
  order.by = audited_by(person);
  order.by_name = person.account;
  return jobs_.record(parts_.runner.submit(order));
}

jobs::Record Deeds::cancel_job(const web::Person& person, const std::string& id) {
  const jobs::Job job = parts_.runner.cancel(id);
  note(person, "cancel", "complete", "", {{"job_id", job.id}, {"title", job.order.title}});
  return jobs_.record(job);
}

void Deeds::audited(OpenStore& store, const web::Person& person, std::string_view action,
                    const std::string& reason, const jobs::Record& what,
                    const std::function<void()>& act) {
  jobs::AuditLog log{store.repository().journals(), audited_by(person)};
  try {
    log.write(parts_.clock.now(), action, "begun", reason, what);
  } catch (base::Error& error) {
    error.add_context("nothing was done, because it cannot be written to the audit log");
    throw;
  }
  try {
    act();
  } catch (const base::Error& error) {
    jobs::Record failed = what;
    note(person, action, "failed", reason, failed.set("problem", error.what()));
    throw;
  }
  note(person, action, "complete", reason, what);
}

void Deeds::note(const web::Person& person, std::string_view action, std::string_view result,
                 const std::string& reason, const jobs::Record& what) {
  try {
    const auto store = parts_.resources.open_store(store::Access::read);
    jobs::AuditLog{store->repository().journals(), audited_by(person)}.write(
        parts_.clock.now(), action, result, reason, what);
  } catch (const base::Error& error) {
    base::log(base::LogLevel::warning, "the audit log does not tell of '", action, "' by ",
              base::printable(person.account), ", ", result, ": ", error.what());
  }
}

jobs::Record Deeds::add_hold(const web::Person& person, const web::Fields& fields) {
  require_known(fields, {"subject", "reason"});
  const std::string subject = required_text(fields, "subject");
  const std::string reason = required_text(fields, "reason");
  const auto store = parts_.resources.open_store(store::Access::write);
  const store::Hold hold = jobs::new_hold(store->repository(), subject, reason, parts_.clock.now());
  jobs::Record record = jobs::hold_record(hold);
  audited(*store, person, "hold add", reason, record, [&] { store->repository().add_hold(hold); });
  show_holds();
  return record;
}

void Deeds::remove_hold(const web::Person& person, const std::string& id,
                        const web::Fields& fields) {
  require_known(fields, {"reason"});
  const std::string reason = required_text(fields, "reason");
  const auto store = parts_.resources.open_store(store::Access::write);
  audited(*store, person, "hold remove", reason, {{"id", id}},
          [&] { store->repository().remove_hold(id, reason); });
  show_holds();
}

// What was done is done, whatever becomes of showing it.
void Deeds::show_holds() {
  try {
    parts_.census.refresh();
  } catch (const base::Error& error) {
    base::log(base::LogLevel::info, "which mailboxes are held is shown later: ", error.what());
  }
}

jobs::Record Deeds::send_test_alert(const web::Person& person) {
  jobs::Value::List sent;
  for (jobs::Record& each : parts_.send_test_alert()) sent.emplace_back(std::move(each));
  note(person, "test alert", "complete", "", {{"receivers", sent.size()}});
  return jobs::Record{{"type", "test_alert"}, {"sent", std::move(sent)}};
}

void Deeds::note_login(const web::Person& person, const std::string& problem) {
  note(person, "login", problem.empty() ? "complete" : "failed", "",
       {{"problem", jobs::text_or_null(problem)}});
}

void Deeds::note_account_change(const web::Person& person, const std::string& change,
                                const std::string& account) {
  note(person, base::text("account ", change), "complete", "", {{"account", account}});
}

}  // namespace appliance
