#include "src/daemon/rights_readiness.h"

#include "src/base/text.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <set>
#include <utility>

namespace appliance {
namespace {

using Status = Check::Status;
using State = graph::RightReport::State;

// Of the article's form the article names these three, for whatever is done.
constexpr std::array kFolderJobs{"Mail.ReadWrite", "Mail.ReadWrite.Shared", "Mailbox.Migration"};
constexpr std::array kReading{"MailboxFolder.Read.All", "MailboxItem.Read.All",
                              "MailboxItem.Export.All"};

std::vector<std::string> needed_rights(graph::App app, graph::ApiForm form) {
  const bool by_folder = form == graph::ApiForm::folder_jobs;
  if (app == graph::App::restore) {
    // All else that a restore needs, the backup app asks: who lives where, what lies in the target.
    if (by_folder) return {kFolderJobs.begin(), kFolderJobs.end()};
    return {"MailboxFolder.ReadWrite.All", "MailboxItem.ImportExport.All"};
  }
  std::vector<std::string> rights{"User.Read.All", "GroupMember.Read.All", "MailboxSettings.Read"};
  const auto& more = by_folder ? kFolderJobs : kReading;
  rights.insert(rights.end(), more.begin(), more.end());
  return rights;
}

// With those that serve as well.
std::set<std::string> fitting_roles(graph::App app, graph::ApiForm form) {
  const std::vector<std::string> needed = needed_rights(app, form);
  std::set<std::string> roles{needed.begin(), needed.end()};
  if (app == graph::App::backup) {
    roles.insert({"User.ReadBasic.All", "GroupMember.ReadBasic.All", "Member.Read.Hidden"});
  }
  return roles;
}

}  // namespace

std::string RightsChecks::named(const std::string& what) const {
  return base::text(what, " (", tenant_.configuration().name, ")");
}

void RightsChecks::run(const std::optional<SampledMailbox>& primary,
                       const std::optional<SampledMailbox>& shared) {
  const std::optional<SampledMailbox>& any = primary ? primary : shared;
  for (const auto& [app, roles] : roles_) {
    if (any) {
      for (const graph::RightReport& right :
           tenant_.service().probe_rights(app, any->mailbox, any->user, stop_)) {
        tell(app, right);
      }
    } else {
      tell_untried(app, roles);
    }
    if (shared) {
      for (const graph::RightReport& right :
           tenant_.service().probe_shared_rights(app, shared->mailbox, stop_)) {
        tell(app, right);
      }
    }
    tell_unneeded(app, roles, any);
  }
}

void RightsChecks::tell(graph::App app, const graph::RightReport& right) {
  Check check{
      named(base::text("right ", right.permission, " of the ", graph::name(app))), {}, right.seen};
  switch (right.state) {
    case State::granted:
      break;
    case State::missing:
      check.status = Status::failed;
      check.remedy = base::text("grant ", right.permission, " to the ", graph::name(app),
                                " and give admin consent");
      check.denied = true;
      break;
    case State::unknown:
      check.status = Status::warning;
      check.remedy = "run `coffer doctor` again";
      break;
  }
  on_check_(check);
}

void RightsChecks::tell_untried(graph::App app, const std::vector<std::string>& roles) {
  for (const std::string& right : needed_rights(app, tenant_.configuration().api)) {
    Check check{named(base::text("right ", right, " of the ", graph::name(app))), Status::unknown,
                "no mailbox was found to try it on, and the token does not tell its roles",
                "make what failed above right, then run `coffer doctor` again"};
    if (std::ranges::count(roles, right) > 0) {
      check.status = Status::ok;
      check.seen = "the token names it; no mailbox was found to try it on";
      check.remedy.clear();
    } else if (!roles.empty()) {
      check.status = Status::warning;
      check.seen = "the token does not name it, and no mailbox was found to try it on";
      check.remedy = base::text("grant ", right, " to the ", graph::name(app),
                                " and give admin consent, unless Exchange grants it by a role");
    }
    on_check_(check);
  }
}

void RightsChecks::tell_unneeded(graph::App app, const std::vector<std::string>& roles,
                                 const std::optional<SampledMailbox>& sample) {
  const std::set<std::string> fitting = fitting_roles(app, tenant_.configuration().api);
  std::vector<std::string> unneeded;
  std::vector<std::string> refused;
  std::ranges::copy_if(roles, std::back_inserter(unneeded),
                       [&](const std::string& role) { return !fitting.contains(role); });
  if (sample) {
    for (const graph::RightReport& right :
         tenant_.service().probe_unneeded_rights(app, sample->mailbox, stop_)) {
      if (right.state == State::missing) refused.push_back(right.permission);
      if (right.state != State::granted || std::ranges::count(unneeded, right.permission) > 0) {
        continue;
      }
      unneeded.push_back(right.permission);
    }
  }
  Check check{named(base::text("rights beyond need of the ", graph::name(app)))};
  if (!unneeded.empty()) {
    check.status = Status::warning;
    check.seen = base::text("it has ", base::enumerated(unneeded));
    check.remedy = "withdraw them: an app that cannot do more cannot be abused for more";
  } else if (!roles.empty()) {
    check.seen = base::text("none: the token names ", base::enumerated(roles));
  } else if (!refused.empty()) {
    check.seen = base::text("refused, as it should be: ", base::enumerated(refused),
                            "; the token does not tell of others");
  } else {
    check.status = Status::unknown;
    check.seen = "the token does not tell its roles, and there was nothing to try";
    check.remedy = "look at the app's API permissions in the Entra admin center";
  }
  on_check_(check);
}

}  // namespace appliance
