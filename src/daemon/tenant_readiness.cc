#include "src/daemon/tenant_readiness.h"

#include "src/base/error.h"
#include "src/base/text.h"
#include "src/daemon/appliance.h"
#include "src/daemon/mailbox_sample.h"
#include "src/daemon/rights_readiness.h"
#include "src/daemon/round_trip.h"
#include "src/jobs/progress.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace appliance {
namespace {

using jobs::counted;
using Status = Check::Status;

constexpr base::Duration kSkewWarning = std::chrono::seconds{60};
constexpr base::Duration kSkewFailure =
    std::chrono::minutes{5};  // assertions are refused beyond that
constexpr base::Duration kExpiryWarning = std::chrono::hours{24 * 30};
// Accounts that are asked for their mailbox in search of samples; more would make the check long.
constexpr std::size_t kSampledAccounts = 50;

// Its bytes are counted and dropped: it may be of any size.
class CountingSink final : public graph::ExportSink {
 public:
  void begin() override {}
  void data(base::ByteView piece) override { bytes_ += piece.size(); }
  void end(const std::string&, const std::string&) override { exported_ = true; }
  void abandon() override { bytes_ = 0; }
  void failed(const std::string&, const graph::UnitError& error) override {
    problem_ = base::text(error.message, " (", error.code, ")");
  }

  [[nodiscard]] bool exported() const { return exported_; }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
  [[nodiscard]] const std::string& problem() const { return problem_; }

 private:
  std::uint64_t bytes_ = 0;
  bool exported_ = false;
  std::string problem_;
};

class TenantChecks {
 public:
  TenantChecks(OpenTenant& tenant, base::Clock& clock, const OnCheck& on_check,
               std::stop_token stop)
      : tenant_(tenant),
        clock_(clock),
        on_check_(on_check),
        stop_(std::move(stop)),
        rights_(tenant, on_check, stop_) {}

  bool run(const std::optional<std::string>& round_trip) {
    const bool signed_in = sign_in(graph::App::backup);
    restore_app();
    if (!signed_in) return true;
    const SampledAccounts sampled = accounts();
    rights_.run(sampled.primary, sampled.shared);
    unsupported();
    try_sample("primary mailbox", sampled.primary);
    try_sample("shared mailbox", sampled.shared);
    const bool found = !round_trip || try_round_trip(*round_trip);
    throttling();
    return found;
  }

 private:
  [[nodiscard]] std::string named(const std::string& what) const {
    return base::text(what, " (", tenant_.configuration().name, ")");
  }

  void tell(const std::string& what, Status status, std::string seen, std::string remedy,
            bool denied = false) {
    on_check_({named(what), status, std::move(seen), std::move(remedy), denied});
  }

  void tell_failure(const std::string& what, const base::Error& error) {
    on_check_(failed_check(named(what), error));
  }

  bool sign_in(graph::App app) {
    const std::string who{graph::name(app)};
    const graph::SignInReport report = tenant_.service().probe_sign_in(app, stop_);
    const std::string what = base::text("sign-in of the ", who);
    if (!report.succeeded) {
      tell(what, Status::failed, report.problem,
           report.refused
               ? "correct the app's entry in the configuration, or its registration in the tenant"
               : "check the network and login_url in the configuration",
           report.refused);
    } else {
      tell(what, Status::ok,
           base::text("a token for ",
                      std::chrono::duration_cast<std::chrono::minutes>(report.lifetime).count(),
                      " minutes"),
           "");
      rights_.signed_in(app, report.roles);
    }
    if (report.clock_skew && app == graph::App::backup) clock_skew(*report.clock_skew);
    if (report.certificate_ends) {
      certificate(app, *report.certificate_ends);
    } else {
      tell(base::text("end of the client secret of the ", who), Status::unknown,
           "only the directory knows when it ends, to those with rights that coffer does not need",
           "note its end from *Certificates & secrets*; or use a certificate, whose end is told "
           "30 days ahead");
    }
    return report.succeeded;
  }

  void restore_app() {
    if (tenant_.service().has_restore_app()) {
      sign_in(graph::App::restore);
      return;
    }
    tell("restore app", Status::warning, "none is configured: backups work, restores do not",
         "add [tenant.NAME.restore_app] when something is to be restored");
  }

  void clock_skew(base::Duration skew) {
    const base::Duration size = skew < base::Duration{0} ? -skew : skew;
    const Status status = size >= kSkewFailure   ? Status::failed
                          : size >= kSkewWarning ? Status::warning
                                                 : Status::ok;
    tell("clock", status,
         base::text("the service's clock is ",
                    std::chrono::duration_cast<std::chrono::seconds>(size).count(), " s ",
                    skew < base::Duration{0} ? "behind" : "ahead of", " this machine's"),
         status == Status::ok ? "" : "let this machine's clock be set by NTP");
  }

  void certificate(graph::App app, base::Instant ends) {
    const base::Duration left = ends - clock_.now();
    const Status status = left <= base::Duration{0} ? Status::failed
                          : left <= kExpiryWarning  ? Status::warning
                                                    : Status::ok;
    tell(base::text("certificate of the ", graph::name(app)), status,
         base::text(left <= base::Duration{0} ? "expired at " : "valid until ",
                    base::format_rfc3339(ends)),
         status == Status::ok ? ""
                              : "register a new certificate, then put it into the configuration");
  }

  std::vector<graph::User> list_users() {
    std::vector<graph::User> users;
    try {
      tenant_.service().directory().users(
          [&](graph::User user) { users.push_back(std::move(user)); }, stop_);
    } catch (const base::Error& error) {
      tell_failure("directory", error);
      return users;
    }
    tell(
        "directory", users.empty() ? Status::warning : Status::ok, counted(users.size(), "account"),
        users.empty() ? "check 'tenant_id': a tenant without accounts has nothing to protect" : "");
    return users;
  }

  // What is refused here is told by the checks of rights.
  SampledAccounts accounts() {
    const std::vector<graph::User> users = list_users();
    SampledAccounts sampled =
        sample_accounts(tenant_.service().directory(), users, kSampledAccounts, stop_);
    if (sampled.failure) {
      tell_failure(base::text("mailbox of ", sampled.failed_at), *sampled.failure);
    }
    if (sampled.asked == 0) return sampled;
    std::size_t without = 0;
    std::string codes;
    for (const auto& [code, count] : sampled.without_mailbox) {
      without += count;
      codes += base::text(codes.empty() ? ": " : ", ", count, " ", code);
    }
    tell("accounts without a mailbox", Status::ok,
         base::text(without, " of ", counted(sampled.asked, "account"), " asked", codes,
                    sampled.asked < users.size() ? "; `coffer mailboxes` asks all of them" : ""),
         "");
    return sampled;
  }

  // What a tenant can hold and the API does not reach.
  void unsupported() {
    try {
      const std::uint64_t groups = tenant_.service().directory().group_mailboxes(stop_);
      tell("group mailboxes", groups == 0 ? Status::ok : Status::warning,
           groups == 0 ? "there is none"
                       : base::text(counted(groups, "group"),
                                    groups == 1 ? " has a mailbox" : " have mailboxes",
                                    " that the API does not reach: not backed up"),
           groups == 0 ? "" : "keep what matters of them in another way");
    } catch (const base::Error& error) {
      tell_failure("group mailboxes", error);
    }
    tell("in-place archives and public folders", Status::unknown,
         "the API does not reach them, and does not tell whether there are any: not backed up",
         "ask Exchange Online PowerShell: Get-Mailbox -Archive, Get-PublicFolder");
  }

  // What the service asked for in this run; nothing is done to make it ask.
  void throttling() {
    const graph::ServiceStatistics statistics = tenant_.service().mailboxes().statistics();
    const std::string answers = counted(statistics.requests, "answer");
    std::string seen =
        base::text("none of ", answers, " told to come later, so there was no wait to keep");
    if (statistics.throttled > 0) {
      const std::uint64_t untold = statistics.throttled - statistics.throttled_told;
      seen = base::text(jobs::human_count(statistics.throttled), " of ", answers,
                        " told to come later: ", jobs::human_count(statistics.throttled_told),
                        " said when (Retry-After), ", jobs::human_count(untold),
                        " did not; every wait was kept, ",
                        jobs::human_duration(statistics.throttled_time), " in all");
    }
    tell("throttling", Status::ok, std::move(seen), "");
  }

  void try_sample(const std::string& kind, const std::optional<SampledMailbox>& sample) {
    if (!sample) {
      tell(kind, Status::warning, base::text("none was found to try among the accounts asked"), "");
      return;
    }
    const std::string what = base::text(kind, " ", sample->user.address());
    try {
      const std::vector<graph::Folder> folders =
          folders_of(tenant_.service().mailboxes(), sample->mailbox, stop_);
      tell(base::text("folders of ", what), folders.empty() ? Status::warning : Status::ok,
           counted(folders.size(), "folder"), "");
      try_export(what, sample->mailbox, folders);
    } catch (const base::Error& error) {
      tell_failure(what, error);
    }
  }

  // False if there is no such mailbox here.
  bool try_round_trip(const std::string& address) {
    const std::string what = base::text("round trip of ", address);
    if (!tenant_.service().has_restore_app()) {
      tell(what, Status::failed, "no restore app is configured: nothing can be imported",
           "add [tenant.NAME.restore_app]");
      return true;
    }
    try {
      graph::Directory& directory = tenant_.service().directory();
      const auto user = directory.find_user(address, stop_);
      if (!user) return false;
      const auto mailbox = directory.mailbox_of(*user, stop_);
      const auto* id = std::get_if<graph::MailboxId>(&mailbox);
      if (id == nullptr) return false;
      check_round_trip(tenant_.service().mailboxes(), *id, named(what),
                       base::text("coffer round trip ", base::format_rfc3339(clock_.now())),
                       on_check_, stop_);
    } catch (const base::Error& error) {
      tell_failure(what, error);
    }
    return true;
  }

  // An item is enough to see that exporting works.
  void try_export(const std::string& what, const graph::MailboxId& mailbox,
                  const std::vector<graph::Folder>& folders) {
    constexpr std::size_t kFoldersTried = 10;
    graph::MailboxService& service = tenant_.service().mailboxes();
    const std::string name = base::text("export from ", what);
    for (std::size_t i = 0; i < std::min(folders.size(), kFoldersTried); ++i) {
      const std::vector<graph::Item> items = first_items(service, mailbox, folders[i].id, 1, stop_);
      if (items.empty()) continue;
      CountingSink sink;
      const std::vector<graph::ExportRequest> request{{items.front().id, items.front().size_bytes}};
      service.export_units(mailbox, request, sink, stop_);
      if (sink.exported()) {
        tell(name, Status::ok, base::text(exported_unit(), base::human_bytes(sink.bytes())), "");
      } else {
        tell(name, Status::failed, sink.problem(),
             "run `coffer doctor` again; if it stays, look at the service's message");
      }
      return;
    }
    tell(name, Status::warning, "no item was found to try", "");
  }

  [[nodiscard]] std::string_view exported_unit() const {
    const bool by_folder = tenant_.configuration().api == graph::ApiForm::folder_jobs;
    return by_folder ? "one folder, " : "one item, ";
  }

  OpenTenant& tenant_;
  base::Clock& clock_;
  const OnCheck& on_check_;
  std::stop_token stop_;
  RightsChecks rights_;
};

}  // namespace

bool check_tenant(const TenantConfiguration& configuration, const LimitSettings& limits,
                  const std::optional<std::string>& round_trip, base::Clock& clock,
                  const OnCheck& on_check, std::stop_token stop) {
  std::optional<OpenTenant> tenant;
  try {
    tenant.emplace(configuration, limits, OpenTenant::Apps::backup_and_restore, clock);
  } catch (const base::Error& error) {
    on_check({base::text("tenant ", configuration.name), Status::failed, error.what(),
              "correct what the message names, then run `coffer doctor` again"});
    return true;
  }
  return TenantChecks{*tenant, clock, on_check, std::move(stop)}.run(round_trip);
}

}  // namespace appliance
