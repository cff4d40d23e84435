// One authorised request to Graph, as the routes see it.
#pragma once

#include "tests/simulator/answers.h"
#include "tests/simulator/json.h"
#include "tests/simulator/query.h"
#include "tests/simulator/world.h"

#include <atomic>
#include <optional>
#include <string>
#include <vector>

namespace simulator {

struct Call {
  World& world;
  const RequestHead& head;
  const Target& target;
  const std::string& body;
  std::string_view operation;
  std::vector<std::string> captures;  // of the path, from left to right
  const Application* application = nullptr;
  Mailbox* mailbox = nullptr;  // where the path names one
  Instant now{};               // the tenant's time
  std::atomic<std::uint64_t>* exported_bytes = nullptr;
  // What the body of a folder import holds; nothing if it was altered. Null for other requests.
  const std::optional<std::vector<Recipe>>* folder_stream = nullptr;

  [[nodiscard]] bool strikes(Fault fault) const;
  // The body as a JSON object; throws Refusal(400).
  [[nodiscard]] Json json_body() const;
  // The URL that was asked for, with other parameters.
  [[nodiscard]] std::string url(std::string_view query) const;
};

// Directory.
Response list_users(Call& call);
Response count_users(Call& call);
Response get_user(Call& call);
Response get_exchange_settings(Call& call);
Response get_user_purpose(Call& call);
Response list_groups(Call& call);
Response get_group(Call& call);
Response list_transitive_members(Call& call);
Response list_transitive_users(Call& call);

// Folders. A path may name a folder below another; the last one counts.
Response list_folders(Call& call);
Response count_folders(Call& call);
Response list_child_folders(Call& call);
Response get_folder(Call& call);
Response create_folder(Call& call);
Response create_child_folder(Call& call);
Response update_folder(Call& call);
Response delete_folder(Call& call);

// The article's form.
Response list_mail_folders(Call& call);
Response list_child_mail_folders(Call& call);
Response get_mail_folder(Call& call);
Response create_mail_folder(Call& call);
Response create_child_mail_folder(Call& call);
Response delete_mail_folder(Call& call);
Response export_folder(Call& call);
Response create_import_job(Call& call);
Response get_import_job(Call& call);

// Items.
Response list_items(Call& call);
Response count_items(Call& call);
Response get_item(Call& call);
Response delete_item(Call& call);
Response export_items(Call& call);
Response create_import_session(Call& call);

// Delta.
Response folders_delta(Call& call);
Response child_folders_delta(Call& call);
Response items_delta(Call& call);

// Shared by the routes.

// The folder that a capture names. Throws Refusal.
const Folder& named_folder(const Call& call, const std::string& name);
// The "displayName" of a folder to be, or of `self` to be renamed. Throws Refusal.
std::string checked_folder_name(const Call& call, const Json& body, Number parent,
                                std::optional<Number> self);
Response delete_named_folder(Call& call, const Folder& folder);
const Item& named_item(const Call& call, const Folder& folder, const std::string& id);

const Capabilities& folder_capabilities();
const Capabilities& item_capabilities();
Json render_folder(const Call& call, const Folder& folder, const Selection& selection);
Json render_item(const Call& call, const Item& item, const Selection& selection);
// Which of its two ids an item shows to this request.
const std::string& shown_id(const Call& call, const Item& item);

}  // namespace simulator
