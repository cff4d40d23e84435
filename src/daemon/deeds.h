// What people do over the web pages and the API: checked, audited, done.
#pragma once

#include "src/daemon/job_view.h"
#include "src/daemon/restore_points_view.h"
#include "src/daemon/view_parts.h"
#include "src/jobs/audit_log.h"
#include "src/jobs/record.h"
#include "web-status/appliance_view.h"

#include <functional>
#include <string>
#include <string_view>

namespace appliance {

// Thread-safe.
class Deeds {
 public:
  Deeds(const ViewParts& parts, JobView& jobs, RestorePointsView& points)
      : parts_(parts), jobs_(jobs), points_(points) {}

  // The time of a restore becomes a restore point now, so that it goes on with the same one after a
  // restart.
  jobs::Record start_job(const web::Person& person, const web::Fields& fields);
  jobs::Record cancel_job(const web::Person& person, const std::string& id);
  jobs::Record add_hold(const web::Person& person, const web::Fields& fields);
  void remove_hold(const web::Person& person, const std::string& id, const web::Fields& fields);
  // {"type":"test_alert","sent":[...]}
  jobs::Record send_test_alert(const web::Person& person);
  // That these cannot be written down is told in the log: a store that is closed keeps nobody out
  // of the pages that say why.
  void note_login(const web::Person& person, const std::string& problem);
  void note_account_change(const web::Person& person, const std::string& change,
                           const std::string& account);

 private:
  // Writes down that it begins, or does nothing; and how it ended.
  void audited(OpenStore& store, const web::Person& person, std::string_view action,
               const std::string& reason, const jobs::Record& what,
               const std::function<void()>& act);
  void note(const web::Person& person, std::string_view action, std::string_view result,
            const std::string& reason, const jobs::Record& what);
  void show_holds();

  const ViewParts& parts_;
  JobView& jobs_;
  RestorePointsView& points_;
};

}  // namespace appliance
