#include "src/cli/job_command.h"

#include "src/base/error.h"
#include "src/base/text.h"
#include "src/cli/commands.h"
#include "src/cli/reporting.h"
#include "src/daemon/resources.h"
#include "src/jobs/error_record.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <utility>
#include <variant>

namespace cli {
namespace {

using jobs::Lane;

template <typename... Options>
bool is_one_of(const Command& command) {
  return (std::holds_alternative<Options>(command) || ...);
}

Arguments parse(const std::vector<std::string>& words) {
  std::vector<const char*> pointers{"coffer"};
  for (const std::string& word : words) pointers.push_back(word.c_str());
  auto parsed = parse_arguments(static_cast<int>(pointers.size()), pointers.data());
  if (auto* arguments = std::get_if<Arguments>(&parsed)) return std::move(*arguments);
  throw base::Error{base::ErrorKind::usage, "this asks for information, not for a job"};
}

Lane lane_of(const Command& command) {
  if (is_one_of<BackupOptions>(command)) return Lane::backup;
  if (is_one_of<RestoreOptions>(command)) return Lane::restore;
  if (is_one_of<HoldAddOptions, HoldRemoveOptions>(command)) return Lane::quick;
  if (is_one_of<RebuildIndexOptions>(command)) return Lane::exclusive;
  const auto* check = std::get_if<CheckOptions>(&command);
  if (check != nullptr && check->repair) return Lane::exclusive;
  // Opened anew, so that it may use the reserve of a full disk.
  const auto* prune = std::get_if<PruneOptions>(&command);
  if (prune != nullptr && prune->prune.delete_only) return Lane::exclusive;
  return Lane::upkeep;
}

// What a daemon may run, though the command line does it by itself.
bool can_be_a_job(const Command& command) {
  return is_handed_over(command) || is_one_of<CheckOptions, DrillOptions, ForgetOptions>(command);
}

struct Title {
  std::string text;
  std::string mailbox{};
  std::string policy{};
  std::string reason{};
};

Title title_of(const BackupOptions& options) {
  const std::string full = options.full ? "Full backup" : "Backup";
  if (options.mailboxes.size() == 1) {
    return {base::text(full, " of ", options.mailboxes.front()), options.mailboxes.front()};
  }
  if (!options.mailboxes.empty()) {
    return {base::text(full, " of ", options.mailboxes.size(), " mailboxes")};
  }
  if (options.policy)
    return {base::text(full, " of policy ", *options.policy), {}, *options.policy};
  return {base::text(full, " of all policies")};
}

Title title_of(const RestoreOptions& options) {
  const std::string to = options.to ? base::text(" into ", *options.to) : std::string{};
  return {
      base::text(options.dry_run ? "Dry run of a restore of " : "Restore of ", options.mailbox, to),
      options.mailbox,
      {},
      options.reason};
}

Title title_of(const CheckOptions& options) {
  const char* level = options.level == store::CheckLevel::full    ? "Full verification"
                      : options.level == store::CheckLevel::scrub ? "Scrub"
                                                                  : "Structure check";
  return {options.repair ? base::text(level, " with repair") : std::string{level}};
}

Title title_of(const ForgetOptions& options) {
  if (options.policy)
    return {base::text("Retention of policy ", *options.policy), {}, *options.policy};
  if (options.mailbox) {
    return {
        base::text("Forgetting all of ", *options.mailbox), *options.mailbox, {}, options.reason};
  }
  if (!options.undo.empty()) return {"Recalling restore points"};
  if (!options.snapshots.empty()) return {"Forgetting restore points", {}, {}, options.reason};
  return {"Retention of all policies"};
}

Title title_of(const DrillOptions& options) {
  return {base::text("Drill of ", options.items, options.items == 1 ? " item" : " items")};
}
Title title_of(const PruneOptions&) { return {"Prune"}; }
Title title_of(const RebuildIndexOptions&) { return {"Making the index anew"}; }
Title title_of(const CopyOptions& options) { return {base::text("Copy to ", options.to)}; }
Title title_of(const HoldAddOptions& options) {
  return {base::text("Hold on ", options.subject), options.subject, {}, options.reason};
}
Title title_of(const HoldRemoveOptions& options) {
  return {base::text("End of hold ", options.id), {}, {}, options.reason};
}
// Of what is never a job.
template <typename Options>
Title title_of(const Options&) {
  return {};
}

// What a job prints goes to its record: for scripts and for people, whoever follows it.
class JobOutput final : public Output {
 public:
  explicit JobOutput(jobs::JobControl& control) : control_(control) {}

  [[nodiscard]] bool json() const override { return false; }
  [[nodiscard]] bool quiet() const override { return false; }
  [[nodiscard]] bool verbose() const override { return false; }
  [[nodiscard]] std::size_t columns() const override { return 80; }

  void record(const jobs::Record& record) override {
    control_.tell({jobs::Told::Kind::record, record, {}});
  }
  void line(std::string_view text) override {
    control_.tell({jobs::Told::Kind::line, {}, std::string{text}});
  }
  void remark(std::string_view text) override {
    control_.tell({jobs::Told::Kind::remark, {}, std::string{text}});
  }
  void error(const base::Error& error, jobs::ExitStatus status, std::string_view remedy) override {
    control_.tell({jobs::Told::Kind::error, jobs::error_record(error, status, remedy),
                   error_text(error, remedy)});
  }
  void finish() override {}

 private:
  jobs::JobControl& control_;
};

class JobDisplay final : public ProgressDisplay {
 public:
  explicit JobDisplay(jobs::JobControl& control) : control_(control) {}

  std::unique_ptr<Shown> show(std::function<jobs::ProgressReading()> read) override {
    return std::make_unique<Watched>(control_.watch(std::move(read)));
  }

 private:
  class Watched final : public Shown {
   public:
    explicit Watched(std::unique_ptr<jobs::JobControl::Watched> watched)
        : watched_(std::move(watched)) {}

   private:
    std::unique_ptr<jobs::JobControl::Watched> watched_;
  };
  jobs::JobControl& control_;
};

}  // namespace

bool is_handed_over(const Command& command) {
  if (const auto* check = std::get_if<CheckOptions>(&command)) return check->repair;
  if (const auto* forget = std::get_if<ForgetOptions>(&command)) {
    return !forget->dry_run && !forget->list;
  }
  return is_one_of<BackupOptions, RestoreOptions, HoldAddOptions, HoldRemoveOptions, PruneOptions,
                   RebuildIndexOptions, CopyOptions>(command);
}

bool needs_store_alone(const Command& command) {
  return is_one_of<KeyAddOptions, KeyRemoveOptions, KeyRotateOptions, KeyRecoveryOptions>(command);
}

jobs::JobOrder order_of(const std::vector<std::string>& words, const std::string& directory) {
  const Arguments arguments = parse(words);
  if (!can_be_a_job(arguments.command)) {
    throw base::Error{base::ErrorKind::usage,
                      base::text("'", arguments.command_name, "' is no job of a daemon")};
  }
  jobs::JobOrder order;
  order.words = words;
  order.command = arguments.command_name;
  order.directory = directory;
  Title title =
      std::visit([](const auto& options) { return title_of(options); }, arguments.command);
  order.title = std::move(title.text);
  order.mailbox = std::move(title.mailbox);
  order.policy = std::move(title.policy);
  order.reason = std::move(title.reason);
  return order;
}

jobs::JobOrder at_fixed_point(
    jobs::JobOrder order,
    const std::function<std::string(const std::string& mailbox, const std::string& at)>& choose) {
  const Arguments arguments = parse(order.words);
  const auto* restore = std::get_if<RestoreOptions>(&arguments.command);
  if (restore == nullptr) return order;
  const std::string point = choose(restore->mailbox, restore->at);
  std::vector<std::string> words;
  for (std::size_t i = 0; i < order.words.size(); ++i) {
    if (order.words[i] == "--at") {
      ++i;  // its value
    } else if (!order.words[i].starts_with("--at=")) {
      words.push_back(order.words[i]);
    }
  }
  words.insert(std::ranges::find(words, "--"), base::text("--at=", point));
  order.words = std::move(words);
  return order;
}

Lane lane_of(const jobs::JobOrder& order) { return lane_of(parse(order.words).command); }

jobs::ExitStatus run_job(const jobs::Job& job, jobs::JobControl& control,
                         appliance::SharedResources& resources, base::Clock& clock) {
  JobOutput output{control};
  JobDisplay progress{control};
  return reporting(output, job.order.command, [&] {
    Arguments arguments = parse(job.order.words);
    if (auto* copy = std::get_if<CopyOptions>(&arguments.command)) {
      const bool is_path = copy->to.find("://") == std::string::npos;
      if (is_path) copy->to = (std::filesystem::path{job.order.directory} / copy->to).string();
    }
    // Where a command needs the store for itself, it opens it as a process of its own would.
    std::unique_ptr<appliance::SharedResources::Lent> lent;
    std::optional<appliance::OwnResources> own;
    if (lane_of(arguments.command) == Lane::exclusive) {
      lent = resources.lend_store(control.stop());
      if (!lent) {
        throw base::Error{base::ErrorKind::cancelled, "the job was stopped before it began"};
      }
      own.emplace(resources.configuration(), job.order.by, clock);
    }
    appliance::Resources& with = own ? static_cast<appliance::Resources&>(*own) : resources;
    const Context context{arguments.global, output, clock,        control.stop(),
                          progress,         with,   job.order.by, job.id};
    return std::visit([&](const auto& options) { return run(context, options); },
                      arguments.command);
  });
}

}  // namespace cli
