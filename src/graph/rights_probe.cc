#include "src/graph/rights_probe.h"

#include "src/base/base64.h"
#include "src/base/error.h"
#include "src/base/text.h"
#include "src/graph/paths.h"
#include "src/graph/user_mailbox.h"

#include <utility>

namespace graph {
namespace {

using State = RightReport::State;

constexpr std::string_view kNobody = "00000000-0000-0000-0000-000000000000";

struct Probe {
  std::string_view permission;
  Call call;
};

Probe user_probe(const ApiClient& client) {
  return {"User.Read.All",
          {.operation = Operation::list_users,
           .budget = std::string{kDirectoryBudget},
           .url = client.url("/users?$select=id&$top=1")}};
}

std::vector<Probe> directory_probes(const ApiClient& client, const User& owner) {
  const std::string directory{kDirectoryBudget};
  return {
      user_probe(client),
      {"GroupMember.Read.All",
       {.operation = Operation::list_group_members,
        .budget = directory,
        .url = client.url("/groups/", kNobody, "/transitiveMembers?$select=id&$top=1")}},
      {"MailboxSettings.Read",
       {.operation = Operation::read_mailbox_settings,
        .budget = directory,
        .url =
            client.url("/users/", base::percent_encode(owner.id), "/mailboxSettings/userPurpose")}},
  };
}

std::vector<Probe> writing_probes(const ApiClient& client, const MailboxId& mailbox) {
  return {
      {"MailboxFolder.ReadWrite.All",
       {.operation = Operation::create_folder,
        .budget = mailbox.value,
        .url = client.url(folder_path(mailbox, "no-such-folder"), "/childFolders"),
        .method = "POST",
        .body = "{\"displayName\":\"\",\"type\":\"\"}"}},
      {"MailboxItem.ImportExport.All",
       {.operation = Operation::create_import_session,
        .budget = mailbox.value,
        .url = client.url(mailbox_path(mailbox), "/createImportSession"),
        .method = "POST"}},
  };
}

std::vector<Probe> mailbox_probes(const ApiClient& client, const MailboxId& mailbox) {
  if (client.app() == App::restore) return writing_probes(client, mailbox);
  return {
      {"MailboxFolder.Read.All",
       {.operation = Operation::list_folders,
        .budget = mailbox.value,
        .url = client.url(mailbox_path(mailbox), "/folders?$top=1")}},
      {"MailboxItem.Read.All",
       {.operation = Operation::list_items,
        .budget = mailbox.value,
        .url = client.url(folder_path(mailbox, "inbox"), "/items?$top=1")}},
      // Without an item the service has nothing to export, but a right to check.
      {"MailboxItem.Export.All",
       {.operation = Operation::export_items,
        .budget = mailbox.value,
        .url = client.url(mailbox_path(mailbox), "/exportItems"),
        .method = "POST",
        .body = "{\"itemIds\":[]}"}},
  };
}

// What the app may do with the folders: list them, or make one.
Call mail_folder_call(const ApiClient& client, const UserMailbox& mailbox) {
  if (client.app() == App::backup) {
    return {.operation = Operation::list_mail_folders,
            .budget = mailbox.id().value,
            .url = client.url(mailbox.user_path(), "/mailFolders?$top=1")};
  }
  return {.operation = Operation::create_mail_folder,
          .budget = mailbox.id().value,
          .url = client.url(mailbox.user_path(), "/mailFolders/no-such-folder/childFolders"),
          .method = "POST",
          .body = "{\"displayName\":\"\"}"};
}

std::vector<Probe> folder_jobs_probes(const ApiClient& client, const UserMailbox& mailbox) {
  Call jobs{.operation = Operation::ask_import_job,
            .budget = mailbox.id().value,
            .url = client.url(mailbox.mailbox_path(), "/importJobs/no-such-job")};
  if (client.app() == App::backup) {
    jobs.operation = Operation::export_folder;
    jobs.url = client.url(mailbox.mailbox_path(), "/exportJobs");
    jobs.method = "POST";
    jobs.body = "{\"sourceFolder\":\"no-such-folder\",\"targetRootFolder\":null}";
  }
  return {{"Mail.ReadWrite", mail_folder_call(client, mailbox)},
          {"Mailbox.Migration", std::move(jobs)}};
}

RightReport report_on(ApiClient& client, const Probe& probe, std::stop_token stop) {
  RightReport report{.app = client.app(), .permission = std::string{probe.permission}};
  try {
    const Answer answer = client.ask(probe.call, std::move(stop));
    // The service checks the right first: any answer about the thing itself means that it is there.
    report.state = State::granted;
    report.seen = base::text("the service answered ", answer.status(),
                             answer.error.code.empty() ? "" : " ", answer.error.code);
  } catch (const base::Error& error) {
    if (error.kind() == base::ErrorKind::cancelled) throw;
    report.state = error.kind() == base::ErrorKind::denied ? State::missing : State::unknown;
    report.seen = error.what();
  }
  return report;
}

std::vector<RightReport> report_on_all(ApiClient& client, const std::vector<Probe>& probes,
                                       std::stop_token stop) {
  std::vector<RightReport> reports;
  for (const Probe& probe : probes) reports.push_back(report_on(client, probe, stop));
  return reports;
}

}  // namespace

std::vector<std::string> roles_in_token(std::string_view token) {
  const std::vector<std::string> parts = base::split(token, '.');
  if (parts.size() != 3) return {};
  std::string claims = parts[1];
  for (char& c : claims) c = c == '-' ? '+' : c == '_' ? '/' : c;
  claims.append((4 - claims.size() % 4) % 4, '=');
  const auto decoded = base::base64_decode(claims);
  if (!decoded) return {};
  std::vector<std::string> roles;
  try {
    const Json document = Json::parse(base::as_text(*decoded));
    for (const Json& role : document["roles"].elements()) {
      roles.push_back(bounded_text(role.text(), 100));
    }
  } catch (const base::Error&) {
    return {};  // an opaque token is as good as a readable one
  }
  return roles;
}

std::vector<RightReport> probe_rights(ApiClient& client, ApiForm form, const MailboxId& mailbox,
                                      const User& owner, std::stop_token stop) {
  std::vector<Probe> probes;
  if (client.app() == App::backup) probes = directory_probes(client, owner);
  const std::vector<Probe> of_mailbox = form == ApiForm::folder_jobs
                                            ? folder_jobs_probes(client, UserMailbox::from(mailbox))
                                            : mailbox_probes(client, mailbox);
  probes.insert(probes.end(), of_mailbox.begin(), of_mailbox.end());
  return report_on_all(client, probes, std::move(stop));
}

std::vector<RightReport> probe_unneeded_rights(ApiClient& client, ApiForm form,
                                               const MailboxId& mailbox, std::stop_token stop) {
  if (client.app() == App::restore) return {report_on(client, user_probe(client), stop)};
  if (form == ApiForm::folder_jobs) return {};
  return report_on_all(client, writing_probes(client, mailbox), std::move(stop));
}

std::vector<RightReport> probe_shared_rights(ApiClient& client, ApiForm form,
                                             const MailboxId& mailbox, std::stop_token stop) {
  if (form != ApiForm::folder_jobs) return {};
  const Probe probe{"Mail.ReadWrite.Shared", mail_folder_call(client, UserMailbox::from(mailbox))};
  return {report_on(client, probe, std::move(stop))};
}

}  // namespace graph
