#include "src/daemon/tenant_readiness.h"

#include "src/base/error.h"
#include "src/base/text.h"
#include "src/daemon/appliance.h"
#include "src/daemon/mailbox_sample.h"
#include "src/daemon/round_trip.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace appliance {
namespace {

using Status = Check::Status;

constexpr base::Duration kSkewWarning = std::chrono::seconds{60};
constexpr base::Duration kSkewFailure =
    std::chrono::minutes{5};  // assertions are refused beyond that
constexpr base::Duration kExpiryWarning = std::chrono::hours{24 * 30};
// Accounts that are asked for their mailbox in search of samples; more would make the check long.
constexpr std::size_t kSampledAccounts = 50;

// Of the article's form the article names these three, for whatever is done.
const std::set<std::string> kFolderJobs{"Mail.ReadWrite", "Mail.ReadWrite.Shared",
                                        "Mailbox.Migration"};

std::set<std::string> needed_roles(graph::App app, graph::ApiForm form) {
  const bool by_folder = form == graph::ApiForm::folder_jobs;
  if (app == graph::App::restore) {
    // All else that a restore needs, the backup app asks: who lives where, what lies in the target.
    if (by_folder) return kFolderJobs;
    return {"MailboxFolder.ReadWrite.All", "MailboxItem.ImportExport.All"};
  }
  std::set<std::string> roles{"User.Read.All",        "User.ReadBasic.All",
                              "GroupMember.Read.All", "GroupMember.ReadBasic.All",
                              "Member.Read.Hidden",   "MailboxSettings.Read"};
  if (by_folder) {
    roles.insert(kFolderJobs.begin(), kFolderJobs.end());
  } else {
    roles.insert({"MailboxFolder.Read.All", "MailboxItem.Read.All", "MailboxItem.Export.All"});
  }
  return roles;
}

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

struct Sample {
  graph::User user;
  graph::MailboxId mailbox;
};

class TenantChecks {
 public:
  TenantChecks(OpenTenant& tenant, base::Clock& clock, const OnCheck& on_check,
               std::stop_token stop)
      : tenant_(tenant), clock_(clock), on_check_(on_check), stop_(std::move(stop)) {}

  bool run(const std::optional<std::string>& round_trip) {
    const bool signed_in = sign_in(graph::App::backup);
    const bool restore_signed_in = restore_app();
    if (!signed_in) return true;
    const std::vector<graph::User> users = list_users();
    find_samples(users);
    if (const std::optional<Sample>& any = primary_ ? primary_ : shared_) {
      rights(graph::App::backup, *any);
      if (restore_signed_in) rights(graph::App::restore, *any);
    }
    if (shared_) {
      shared_rights(graph::App::backup, *shared_);
      if (restore_signed_in) shared_rights(graph::App::restore, *shared_);
    }
    try_sample("primary mailbox", primary_);
    try_sample("shared mailbox", shared_);
    return !round_trip || try_round_trip(*round_trip);
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
      superfluous_roles(app, report.roles);
    }
    if (report.clock_skew && app == graph::App::backup) clock_skew(*report.clock_skew);
    if (report.certificate_ends) certificate(app, *report.certificate_ends);
    return report.succeeded;
  }

  bool restore_app() {
    if (tenant_.service().has_restore_app()) return sign_in(graph::App::restore);
    tell("restore app", Status::warning, "none is configured: backups work, restores do not",
         "add [tenant.NAME.restore_app] when something is to be restored");
    return false;
  }

  void superfluous_roles(graph::App app, const std::vector<std::string>& roles) {
    if (roles.empty()) return;  // the token could not be read: nothing to tell
    const std::set<std::string> needed = needed_roles(app, tenant_.configuration().api);
    std::vector<std::string> superfluous;
    for (const std::string& role : roles) {
      if (!needed.contains(role)) superfluous.push_back(role);
    }
    const std::string what = base::text("roles of the ", graph::name(app));
    if (superfluous.empty()) {
      tell(what, Status::ok, base::text("nothing beyond what is needed: ", base::enumerated(roles)),
           "");
    } else {
      tell(what, Status::warning,
           base::text("more than is needed: ", base::enumerated(superfluous)),
           "withdraw them: an app that cannot do more cannot be abused for more");
    }
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
        "directory", users.empty() ? Status::warning : Status::ok,
        base::text(users.size(), " accounts"),
        users.empty() ? "check 'tenant_id': a tenant without accounts has nothing to protect" : "");
    return users;
  }

  // One mailbox of a person and one shared one. What is refused here is told by the checks of
  // rights.
  void find_samples(const std::vector<graph::User>& users) {
    graph::Directory& directory = tenant_.service().directory();
    std::size_t asked = 0;
    for (const graph::User& user : users) {
      if ((primary_ && shared_) || asked++ == kSampledAccounts) return;
      try {
        const auto mailbox = directory.mailbox_of(user, stop_);
        if (!std::holds_alternative<graph::MailboxId>(mailbox)) continue;
        const auto purpose = directory.purpose_of(user, stop_);
        const auto* known = std::get_if<graph::MailboxPurpose>(&purpose);
        const bool is_shared = known != nullptr && *known == graph::MailboxPurpose::shared;
        std::optional<Sample>& place = is_shared ? shared_ : primary_;
        if (!place) place = Sample{user, std::get<graph::MailboxId>(mailbox)};
      } catch (const base::Error& error) {
        tell_failure(base::text("mailbox of ", user.address()), error);
        return;
      }
    }
  }

  void rights(graph::App app, const Sample& sample) {
    tell_rights(app, tenant_.service().probe_rights(app, sample.mailbox, sample.user, stop_));
  }

  void shared_rights(graph::App app, const Sample& sample) {
    tell_rights(app, tenant_.service().probe_shared_rights(app, sample.mailbox, stop_));
  }

  void tell_rights(graph::App app, const std::vector<graph::RightReport>& rights) {
    for (const graph::RightReport& right : rights) {
      const std::string what = base::text("right ", right.permission, " of the ", graph::name(app));
      switch (right.state) {
        case graph::RightReport::State::granted:
          tell(what, Status::ok, right.seen, "");
          break;
        case graph::RightReport::State::missing:
          tell(what, Status::failed, right.seen,
               base::text("grant ", right.permission, " to the ", graph::name(app),
                          " and give admin consent"),
               true);
          break;
        case graph::RightReport::State::unknown:
          tell(what, Status::warning, right.seen, "run `coffer doctor` again");
          break;
      }
    }
  }

  void try_sample(const std::string& kind, const std::optional<Sample>& sample) {
    if (!sample) {
      tell(kind, Status::warning, "none was found to try", "");
      return;
    }
    const std::string what = base::text(kind, " ", sample->user.address());
    try {
      const std::vector<graph::Folder> folders =
          folders_of(tenant_.service().mailboxes(), sample->mailbox, stop_);
      tell(base::text("folders of ", what), folders.empty() ? Status::warning : Status::ok,
           base::text(folders.size(), " folders"), "");
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
  std::optional<Sample> primary_;
  std::optional<Sample> shared_;
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
