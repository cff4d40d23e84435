// What the web pages and the API show of the appliance, put together from views of its parts.
#pragma once

#include "src/daemon/deeds.h"
#include "src/daemon/job_view.h"
#include "src/daemon/mailbox_view.h"
#include "src/daemon/restore_points_view.h"
#include "src/daemon/status_view.h"
#include "src/daemon/store_view.h"
#include "src/daemon/view_parts.h"
#include "web-status/appliance_view.h"

#include <string>

namespace appliance {

// Holds the store open only while a call is under way; outlives whoever reads a report of it. Not
// to be called with locks held that the functions of ViewParts take.
class Views final : public web::ApplianceView {
 public:
  explicit Views(ViewParts parts);

  // For events: a job as GET jobs/{id} gives it.
  [[nodiscard]] std::string job_event(const jobs::Job& job);
  // Looks at the store as it is now, for what is shown of it and for Trend::add(). Errors of the
  // store.
  TrendPoint measure() { return store_.measure(); }

  [[nodiscard]] std::string not_ready() override;
  [[nodiscard]] std::string metrics() override;
  [[nodiscard]] std::string status() override;
  [[nodiscard]] web::Page mailboxes(const web::MailboxQuery& query) override;
  [[nodiscard]] std::string mailbox(const std::string& id) override;
  [[nodiscard]] web::Page snapshots(const std::string& mailbox,
                                    const web::PageRequest& page) override;
  [[nodiscard]] web::Page items(const web::ItemQuery& query) override;
  [[nodiscard]] web::Page schedule() override;
  [[nodiscard]] std::string storage() override;
  [[nodiscard]] std::string simulate_retention(const std::string& policy,
                                               const web::Fields& rules) override;
  [[nodiscard]] web::Page alerts(const web::PageRequest& page) override;
  [[nodiscard]] web::Page audit(const std::string& since, const web::PageRequest& page) override;
  [[nodiscard]] web::Page holds() override;
  [[nodiscard]] std::string settings() override;
  [[nodiscard]] web::Page jobs(const web::JobQuery& query) override;
  [[nodiscard]] std::string job(const std::string& id) override;
  [[nodiscard]] web::Page job_records(const std::string& id, const std::string& type,
                                      const web::PageRequest& page) override;
  [[nodiscard]] web::TextSource job_report(const std::string& id) override;

  std::string start_job(const web::Person& person, const web::Fields& fields) override;
  std::string cancel_job(const web::Person& person, const std::string& id) override;
  std::string add_hold(const web::Person& person, const web::Fields& fields) override;
  void remove_hold(const web::Person& person, const std::string& id,
                   const web::Fields& fields) override;
  std::string send_test_alert(const web::Person& person) override;
  void note_login(const web::Person& person, const std::string& problem) override;
  void note_account_change(const web::Person& person, const std::string& change,
                           const std::string& account) override;

 private:
  ViewParts parts_;
  RestorePointsView points_{parts_};
  StoreView store_{parts_};
  JobView jobs_{parts_};
  MailboxView mailboxes_{parts_, points_};
  StatusView status_{parts_, jobs_, store_};
  Deeds deeds_{parts_, jobs_, points_};
};

}  // namespace appliance
