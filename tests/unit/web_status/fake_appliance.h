// An appliance that remembers what it was asked, and gives records that tell it.
#pragma once

#include "src/base/error.h"
#include "src/base/synchronized.h"
#include "web-status/appliance_view.h"

#include <optional>
#include <string>
#include <vector>

namespace test {

// Thread-safe, as the real one. Set the public members before requests come.
class FakeAppliance final : public web::ApplianceView {
 public:
  std::string problem;                 // of not_ready()
  std::string filler;                  // a member of each record
  std::string fixed_status;            // instead of a record, if not empty
  std::vector<std::string> report;     // pieces of each job's report
  std::optional<base::Error> refuses;  // thrown by what looks

  // What was done: "start_job by anna: command=backup".
  [[nodiscard]] std::vector<std::string> done() const { return *done_.lock(); }

  std::string not_ready() override { return problem; }
  std::string metrics() override { return "coffer_jobs{state=\"running\"} 1\n"; }
  std::string status() override {
    return fixed_status.empty() ? record("status", "") : fixed_status;
  }
  web::Page mailboxes(const web::MailboxQuery& query) override;
  std::string mailbox(const std::string& id) override { return record("mailbox", id); }
  web::Page snapshots(const std::string& mailbox, const web::PageRequest& page) override;
  web::Page items(const web::ItemQuery& query) override;
  web::Page schedule() override { return page_of("schedule", "", {}); }
  std::string storage() override { return record("storage", ""); }
  std::string simulate_retention(const std::string& policy, const web::Fields& rules) override;
  web::Page alerts(const web::PageRequest& page) override { return page_of("alert", "", page); }
  web::Page audit(const std::string& since, const web::PageRequest& page) override;
  web::Page holds() override { return page_of("hold", "", {}); }
  std::string settings() override { return record("settings", ""); }
  web::Page jobs(const web::JobQuery& query) override;
  std::string job(const std::string& id) override { return record("job", id); }
  web::Page job_records(const std::string& id, const std::string& type,
                        const web::PageRequest& page) override;
  web::TextSource job_report(const std::string& id) override;
  std::string start_job(const web::Person& person, const web::Fields& fields) override;
  std::string cancel_job(const web::Person& person, const std::string& id) override;
  std::string add_hold(const web::Person& person, const web::Fields& fields) override;
  void remove_hold(const web::Person& person, const std::string& id,
                   const web::Fields& fields) override;
  std::string send_test_alert(const web::Person& person) override;
  void note_login(const web::Person& person, const std::string& reason) override;
  void note_account_change(const web::Person& person, const std::string& change,
                           const std::string& account) override;

 private:
  std::string record(const std::string& type, const std::string& about);
  web::Page page_of(const std::string& type, const std::string& about,
                    const web::PageRequest& page);
  void note(const std::string& what, const web::Person& person, const std::string& about);

  mutable base::Synchronized<std::vector<std::string>> done_;
};

}  // namespace test
