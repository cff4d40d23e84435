// A daemon's views over a small store of their own, with a runner that runs nothing.
#pragma once

#include "src/daemon/shared_resources.h"
#include "src/daemon/views.h"
#include "src/jobs/job_log.h"
#include "src/jobs/job_runner.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/virtual_clock.h"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace test {

class ViewsFixture {
 public:
  ViewsFixture();

  // A mailbox "<name>@contoso.com" with an inbox of so many items, "a folder" and "b folder" below
  // the root; the clock moves on by an hour first.
  store::Snapshot back_up(const std::string& name, std::size_t items);
  // An ended job that told these records.
  jobs::Job add_job(const std::string& command, jobs::JobEnd end,
                    const std::vector<jobs::Record>& told);

  [[nodiscard]] appliance::Views& views() { return *views_; }
  [[nodiscard]] appliance::SharedResources& resources() { return *resources_; }
  [[nodiscard]] appliance::Census& census() { return *census_; }
  [[nodiscard]] appliance::Trend& trend() { return *trend_; }
  [[nodiscard]] appliance::Counters& counters() { return counters_; }
  [[nodiscard]] jobs::JobRunner& runner() { return *runner_; }
  [[nodiscard]] VirtualClock& clock() { return clock_; }

  std::vector<jobs::Record> alerts;
  std::string store_problem;
  appliance::Upkeep upkeep;

 private:
  TemporaryDirectory directory_;
  VirtualClock clock_;
  appliance::Counters counters_;
  std::unique_ptr<appliance::SharedResources> resources_;
  std::unique_ptr<appliance::Census> census_;
  std::unique_ptr<appliance::Trend> trend_;
  std::unique_ptr<jobs::JobLog> log_;
  std::unique_ptr<jobs::JobRunner> runner_;
  std::unique_ptr<appliance::Views> views_;
};

// All records of a list, a page of `limit` after the other.
template <typename Ask>
std::vector<std::string> all_pages(std::size_t limit, Ask ask) {
  std::vector<std::string> records;
  web::PageRequest request{"", limit};
  for (;;) {
    web::Page page = ask(request);
    records.insert(records.end(), page.records.begin(), page.records.end());
    if (!page.next) return records;
    request.after = *page.next;
  }
}

}  // namespace test
