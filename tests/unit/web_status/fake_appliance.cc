#include "tests/unit/web_status/fake_appliance.h"

#include "src/base/text.h"
#include "web-status/json.h"

namespace test {

namespace {

std::string text_of(const web::Fields& fields) {
  std::string text;
  for (const auto& [name, value] : fields) {
    text += base::text(text.empty() ? "" : " ", name, "=", web::to_json(value));
  }
  return text;
}

}  // namespace

std::string FakeAppliance::record(const std::string& type, const std::string& about) {
  if (refuses) throw *refuses;
  return web::to_json(web::Fields{{"type", type}, {"about", about}, {"filler", filler}});
}

web::Page FakeAppliance::page_of(const std::string& type, const std::string& about,
                                 const web::PageRequest& page) {
  return {{record(type, base::text(about, " limit=", page.limit, " after=", page.after))},
          "next one",
          17};
}

void FakeAppliance::note(const std::string& what, const web::Person& person,
                         const std::string& about) {
  done_.lock()->push_back(base::text(what, " by ", person.account, ": ", about));
}

web::Page FakeAppliance::mailboxes(const web::MailboxQuery& query) {
  return page_of("mailbox", base::text(query.search, "|", query.state, "|", query.policy),
                 query.page);
}

web::Page FakeAppliance::snapshots(const std::string& mailbox, const web::PageRequest& page) {
  return page_of("snapshot", mailbox, page);
}

web::Page FakeAppliance::items(const web::ItemQuery& query) {
  return page_of("item",
                 base::text(query.mailbox, "|", query.at, "|", query.folder, "|", query.subject,
                            "|", query.from, "|", query.after, "|", query.before, "|", query.type),
                 query.page);
}

std::string FakeAppliance::simulate_retention(const std::string& policy, const web::Fields& rules) {
  return record("simulation", base::text(policy, ": ", text_of(rules)));
}

web::Page FakeAppliance::audit(const std::string& since, const web::PageRequest& page) {
  return page_of("audit", since, page);
}

web::Page FakeAppliance::jobs(const web::JobQuery& query) {
  return page_of("job", base::text(query.state, "|", query.command), query.page);
}

web::Page FakeAppliance::job_records(const std::string& id, const std::string& type,
                                     const web::PageRequest& page) {
  return page_of("item", base::text(id, "|", type), page);
}

web::TextSource FakeAppliance::job_report(const std::string& id) {
  if (id == "none") throw base::Error{base::ErrorKind::not_found, "there is no such job"};
  return [pieces = report, next = std::size_t{0}]() mutable -> std::optional<std::string> {
    if (next == pieces.size()) return std::nullopt;
    if (pieces[next] == "broken") throw base::Error{base::ErrorKind::disk, "it broke"};
    return pieces[next++];
  };
}

std::string FakeAppliance::start_job(const web::Person& person, const web::Fields& fields) {
  note("start_job", person, text_of(fields));
  return record("job", "started");
}

std::string FakeAppliance::cancel_job(const web::Person& person, const std::string& id) {
  note("cancel_job", person, id);
  return record("job", id);
}

std::string FakeAppliance::add_hold(const web::Person& person, const web::Fields& fields) {
  note("add_hold", person, text_of(fields));
  return record("hold", "added");
}

void FakeAppliance::remove_hold(const web::Person& person, const std::string& id,
                                const web::Fields& fields) {
  note("remove_hold", person, base::text(id, " ", text_of(fields)));
}

std::string FakeAppliance::send_test_alert(const web::Person& person) {
  note("send_test_alert", person, "");
  return record("test_alert", "");
}

void FakeAppliance::note_login(const web::Person& person, const std::string& reason) {
  note("login", person, reason);
}

void FakeAppliance::note_account_change(const web::Person& person, const std::string& change,
                                        const std::string& account) {
  note(change, person, account);
}

}  // namespace test
