// The article's form: mail folders below a user, exportJobs and importJobs.
#include "src/base/text.h"
#include "tests/simulator/call.h"
#include "tests/simulator/collection.h"
#include "tests/simulator/folder_stream.h"

#include <algorithm>

namespace simulator {
namespace {

constexpr std::string_view kMailFolders = "IPF.Note";

bool is_mail_folder(const Folder& folder) {
  return folder.parent && !folder.plan.search &&
         (folder.plan.type.empty() || folder.plan.type.starts_with(kMailFolders));
}

// The mailbox that the path's user has, if it is the path's mailbox, too.
Mailbox& addressed(const Call& call) {
  const User* user = call.world.directory.find_user(call.captures[0]);
  if (user == nullptr) throw Refusal{404, "ErrorInvalidUser", "The requested user is invalid."};
  if (call.mailbox == nullptr) {
    throw Refusal{404, "MailboxNotEnabledForRESTAPI",
                  "The mailbox is either inactive, soft-deleted, or is hosted on-premise."};
  }
  const bool by_mailbox = call.target.segments.size() > 3 && call.target.segments[3] == "mailboxes";
  if (by_mailbox && call.captures[1] != call.mailbox->id()) {
    throw Refusal{404, "ErrorInvalidUser", "The user has no such mailbox."};
  }
  const auto& roles = call.application->roles;
  const bool may_share =
      roles.contains("Mail.ReadWrite.Shared") || roles.contains("Mail.Read.Shared");
  if (user->purpose == "shared" && !may_share) {
    throw Refusal{403, "ErrorAccessDenied", "Access is denied. Check credentials and try again."};
  }
  return *call.mailbox;
}

const Folder& mail_folder(const Call& call, const std::string& name) {
  const Folder& folder = named_folder(call, name);
  if (is_mail_folder(folder) || folder.number == call.mailbox->root()) return folder;
  throw Refusal{404, "ErrorItemNotFound", "The specified object was not found in the store."};
}

const Capabilities& mail_folder_capabilities() {
  static const Capabilities kCapabilities{
      {"$select", "$top", "$skip", "$count"},
      {"id", "displayName", "parentFolderId", "childFolderCount", "totalItemCount", "isHidden"}};
  return kCapabilities;
}

std::vector<const Folder*> mail_folders_below(const Call& call, const Folder& parent) {
  const bool hidden_too = call.target.parameter("includeHiddenFolders").value_or("") == "true";
  std::vector<const Folder*> children;
  for (const Number number : parent.children) {
    const Folder& child = call.mailbox->folder(number);
    if (is_mail_folder(child) && (hidden_too || !child.plan.hidden)) children.push_back(&child);
  }
  return children;
}

Json render(const Call& call, const Folder& folder, const Selection& selection) {
  const Mailbox& mailbox = *call.mailbox;
  Json json = {{"id", folder.id}};
  const auto set = [&](const char* field, Json value) {
    if (selection.selects(field)) json[field] = std::move(value);
  };
  const auto children =
      std::count_if(folder.children.begin(), folder.children.end(),
                    [&](Number child) { return is_mail_folder(mailbox.folder(child)); });
  set("displayName", folder.plan.display_name);
  set("parentFolderId", folder.parent ? Json(mailbox.folder(*folder.parent).id) : Json{});
  set("childFolderCount", children);
  set("totalItemCount", folder.items.size());
  set("isHidden", folder.plan.hidden);
  return json;
}

Response page(Call& call, const Folder& parent) {
  return collection_page(
      call, mail_folder_capabilities(), base::text("users('", call.captures[0], "')/mailFolders"),
      mail_folders_below(call, parent), [&](const Folder& folder, const Selection& selection) {
        return render(call, folder, selection);
      });
}

Response create_below(Call& call, const Folder& parent) {
  const Json body = call.json_body();
  for (const auto& [field, value] : body.items()) {
    if (field == "displayName" || field == "isHidden") continue;
    throw Refusal{400, "invalidRequest", base::text("'", field, "' cannot be set.")};
  }
  FolderPlan plan;
  plan.display_name = checked_folder_name(call, body, parent.number, std::nullopt);
  plan.type = kMailFolders;
  plan.hidden = body.value("isHidden", false);
  const Number number = call.mailbox->add_folder(parent.number, std::move(plan));
  return json_answer(201, render(call, call.mailbox->folder(number), everything()));
}

// What came of the stream of an import, once the service has worked on it.
ImportJob finished_job(Call& call, const Folder& folder) {
  ImportJob job{call.mailbox->id(), call.now + call.world.import_job_time, "completed", "", ""};
  const auto fail = [&](const char* code, const char* message) {
    job.status = "failed";
    job.error_code = code;
    job.error_message = message;
  };
  if (!*call.folder_stream) {
    fail("ErrorCorruptData", "The stream is corrupt: it is not an exported folder.");
  } else if (call.strikes(Fault::job_failed)) {
    fail("ErrorInternalServerError", "The job failed.");
  } else {
    for (Recipe recipe : **call.folder_stream) {
      if (call.world.faults.rewrites()) ++recipe.revision;
      call.mailbox->add_item(folder.number, recipe, call.now);
      ++call.world.statistics.imported_items;
    }
  }
  return job;
}

}  // namespace

Response list_mail_folders(Call& call) {
  const Mailbox& mailbox = addressed(call);
  return page(call, mailbox.folder(mailbox.root()));
}

Response list_child_mail_folders(Call& call) {
  addressed(call);
  return page(call, mail_folder(call, call.captures[1]));
}

Response get_mail_folder(Call& call) {
  addressed(call);
  static const Capabilities kSingle{{"$select"}, mail_folder_capabilities().fields};
  return json_answer(200, render(call, mail_folder(call, call.captures[1]),
                                 parse_selection(call.target, kSingle)));
}

Response create_mail_folder(Call& call) {
  const Mailbox& mailbox = addressed(call);
  return create_below(call, mailbox.folder(mailbox.root()));
}

Response create_child_mail_folder(Call& call) {
  addressed(call);
  return create_below(call, mail_folder(call, call.captures[1]));
}

Response delete_mail_folder(Call& call) {
  addressed(call);
  return delete_named_folder(call, mail_folder(call, call.captures[1]));
}

Response export_folder(Call& call) {
  const Mailbox& mailbox = addressed(call);
  const Json source = call.json_body().value("sourceFolder", Json{});
  if (!source.is_string()) throw Refusal{400, "invalidRequest", "sourceFolder is required."};
  const Folder& folder = mail_folder(call, source.get<std::string>());
  std::vector<Recipe> recipes = recipes_in(mailbox, folder);
  for (const Recipe& recipe : recipes) {
    if (call.world.faults.poisons(base::to_hex(facts_of(recipe).search_key))) {
      throw Refusal{400, "ErrorCorruptData", "An item is corrupt; the folder cannot be exported."};
    }
  }
  call.world.statistics.exported_items += recipes.size();
  call.world.statistics.exported_items_by_mailbox[call.mailbox->id()] += recipes.size();
  Response response;
  response.headers.emplace_back("Content-Type", "application/octet-stream");
  response.stream = std::make_unique<FolderStream>(std::move(recipes), call.exported_bytes);
  return response;
}

Response create_import_job(Call& call) {
  Mailbox& mailbox = addressed(call);
  if (find_header(call.head.headers, "Content-Type").value_or("") != "application/octet-stream") {
    throw Refusal{415, "UnsupportedMediaType", "The body must be application/octet-stream."};
  }
  const auto target = call.target.parameter("targetRootFolder");
  if (!target) throw Refusal{400, "invalidRequest", "targetRootFolder is required."};
  const Folder& folder = mail_folder(call, *target);
  if (call.world.full_mailboxes.contains(mailbox.id())) {
    throw Refusal{507, "ErrorQuotaExceeded", "The mailbox has reached its quota."};
  }
  const std::string id = base::text("job-", call.world.import_jobs.size() + 1);
  call.world.import_jobs.emplace(id, finished_job(call, folder));
  Response response = json_answer(202, {{"id", id}, {"status", "notStarted"}});
  response.headers.emplace_back(
      "Location", base::text(call.world.origins.graph, "/v1.0/users/", call.captures[0],
                             "/mailboxes/", mailbox.id(), "/importJobs/", id));
  return response;
}

Response get_import_job(Call& call) {
  const Mailbox& mailbox = addressed(call);
  const auto found = call.world.import_jobs.find(call.captures[2]);
  if (found == call.world.import_jobs.end() || found->second.mailbox_id != mailbox.id()) {
    throw Refusal{404, "ErrorItemNotFound", "There is no such job."};
  }
  const ImportJob& job = found->second;
  Json json = {{"id", found->first}, {"status", call.now < job.done ? "running" : job.status}};
  if (call.now >= job.done && !job.error_code.empty()) {
    json["error"] = {{"code", job.error_code}, {"message", job.error_message}};
  }
  return json_answer(200, json);
}

}  // namespace simulator
