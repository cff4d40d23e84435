#include "tests/unit/daemon/views_fixture.h"

#include "src/base/bytes.h"
#include "src/base/file.h"
#include "src/base/random.h"
#include "src/base/text.h"

#include <filesystem>
#include <utility>

namespace test {
namespace {

constexpr const char* kConfiguration = R"(
[store]
url = "store"
passphrase_file = "passphrase"

[tenant.contoso]
tenant_id = "contoso.com"
[tenant.contoso.backup_app]
client_id = "app"
client_secret_file = "passphrase"

[policy.nightly]
schedule = "*-*-* 02:00:00"
[policy.nightly.retention]
keep_last = 2

[alerts]
webhook = ["https://chat.example/hook/secret-token"]
)";

jobs::JobOrder order_of(const std::vector<std::string>& words) {
  jobs::JobOrder order;
  order.words = words;
  order.command = words.front();
  order.title = base::text("Title of ", words.size() > 1 ? words[1] : words[0]);
  return order;
}

}  // namespace

ViewsFixture::ViewsFixture() {
  base::replace_file(directory_ / "passphrase",
                     base::as_bytes(std::string_view{"correct horse battery staple"}));
  const auto configuration =
      appliance::parse_configuration(kConfiguration, directory_ / "coffer.toml");
  std::filesystem::create_directories(configuration.service.state);
  static_cast<void>(appliance::create_store(configuration.store, clock_));
  resources_ = std::make_unique<appliance::SharedResources>(configuration, clock_);
  census_ = std::make_unique<appliance::Census>(
      directory_ / "census",
      [](const std::string&) { return std::optional<base::Duration>{std::chrono::hours{48}}; },
      *resources_, clock_);
  trend_ = std::make_unique<appliance::Trend>(directory_ / "trend");
  log_ = std::make_unique<jobs::JobLog>(directory_ / "jobs", jobs::JobLogLimits{});
  jobs::JobRunner::Settings settings;
  settings.lane_of = [](const jobs::JobOrder&) { return jobs::Lane::upkeep; };
  settings.execute = [](const jobs::Job&, jobs::JobControl&) { return jobs::ExitStatus::done; };
  settings.on_change = [](const jobs::Job&) {};
  settings.on_progress = [](const jobs::Job&, const jobs::JobProgress&) {};
  runner_ = std::make_unique<jobs::JobRunner>(std::move(settings), *log_, clock_);
  appliance::PolicySchedule nightly;
  nightly.policy = "nightly";
  nightly.tenant = "contoso";
  nightly.calendar = {"*-*-* 02:00:00"};
  nightly.timezone = "UTC";
  nightly.next = clock_.now() + std::chrono::hours{5};
  views_ = std::make_unique<appliance::Views>(appliance::ViewParts{
      *resources_, *census_, *trend_, counters_, *log_, *runner_, clock_, "1.2.3",
      [nightly] { return std::vector{nightly}; }, [this] { return upkeep; },
      [this] { return std::optional{clock_.now() + std::chrono::hours{9}}; },
      [this] { return alerts; },
      [] {
        return std::vector<jobs::Record>{{{"to", "admins@contoso.com"}, {"problem", nullptr}}};
      },
      order_of, [] { return base::Duration{0}; }, [this] { return store_problem; },
      [this] { return clock_.now(); }});
}

store::Snapshot ViewsFixture::back_up(const std::string& name, std::size_t items) {
  clock_.advance(std::chrono::hours{1});
  const auto store = resources_->open_store(store::Access::write);
  store::TenantStore& tenant = store->repository().tenant({"contoso"});
  const auto writer = tenant.new_snapshot(nullptr);
  writer->put_folder({"root", "", "", "", "msgfolderroot"});
  writer->put_folder({"inbox", "root", "Inbox", "IPF.Note", "inbox"});
  writer->put_folder({"a", "root", "a folder", "IPF.Note", ""});
  writer->put_folder({"b", "inbox", "b folder", "IPF.Note", ""});
  for (std::size_t i = 0; i < items; ++i) {
    const auto content = tenant.new_content();
    content->append(base::as_bytes(base::text("stream ", i)));
    store::ItemEntry item;
    item.folder_id = i % 10 == 9 ? "b" : "inbox";
    item.id = base::text("item-", 1000 + i);
    item.item_class = "IPM.Note";
    item.content = content->finish().ref;
    store::ItemDisplay display;
    display.subject = base::text(i % 2 == 0 ? "even " : "odd ", i);
    writer->put_item(item, display);
  }
  const auto built = writer->finish();
  store::Snapshot snapshot;
  snapshot.id = base::new_ulid(clock_.now());
  snapshot.tenant = {"contoso"};
  snapshot.mailbox_id = base::text("MBX:", name);
  snapshot.address = base::text(name, "@contoso.com");
  snapshot.display_name = base::text("Name of ", name);
  snapshot.purpose = "user";
  snapshot.policy = "nightly";
  snapshot.time = clock_.now();
  snapshot.complete = true;
  snapshot.items = built.items;
  snapshot.bytes = built.bytes;
  snapshot.roots = built.roots;
  store->repository().commit(std::vector{snapshot});
  census_->refresh();
  return snapshot;
}

jobs::Job ViewsFixture::add_job(const std::string& command, jobs::JobEnd end,
                                const std::vector<jobs::Record>& told) {
  jobs::Job job = log_->add(order_of({command}), clock_.now());
  const auto output = log_->open_output(job.id);
  for (const jobs::Record& record : told) {
    output->tell({jobs::Told::Kind::record, record, {}});
    job.summary = record;
  }
  job.state = jobs::JobState::ended;
  job.end = end;
  job.started = job.queued;
  job.ended = clock_.now();
  job.problems = end == jobs::JobEnd::complete ? 0 : 1;
  log_->update(job);
  return job;
}

}  // namespace test
