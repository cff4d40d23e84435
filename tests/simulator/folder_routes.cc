// Folders: listing, reading, creating, renaming, deleting.
#include "src/base/text.h"
#include "tests/simulator/call.h"
#include "tests/simulator/collection.h"

namespace simulator {
namespace {

constexpr std::size_t kLongestName = 255;  // UTF-16 units in the service, code points here

std::size_t code_points(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

std::vector<const Folder*> children_of(const Mailbox& mailbox, const Folder& parent) {
  std::vector<const Folder*> children;
  for (const Number child : parent.children) children.push_back(&mailbox.folder(child));
  return children;
}

std::vector<const Folder*> top_folders(const Call& call) {
  const Mailbox& mailbox = *call.mailbox;
  if (!call.world.list_all_folders_at_top) {
    return children_of(mailbox, mailbox.folder(mailbox.root()));
  }
  std::vector<const Folder*> all;
  for (const auto& [number, folder] : mailbox.folders()) {
    if (folder.parent) all.push_back(&folder);
  }
  return all;
}

Response folder_page(Call& call, std::vector<const Folder*> folders) {
  return collection_page(call, folder_capabilities(),
                         base::text("admin/exchange/mailboxes('",
                                    base::percent_encode(call.mailbox->id()), "')/folders"),
                         std::move(folders), [&](const Folder& folder, const Selection& selection) {
                           return render_folder(call, folder, selection);
                         });
}

std::vector<std::pair<std::string, std::string>> checked_properties(const Json& body) {
  std::vector<std::pair<std::string, std::string>> properties;
  for (const Json& property : body.value("singleValueExtendedProperties", Json::array())) {
    const std::string id = property.is_object() ? property.value("id", "") : "";
    if (!parse_property_tag(id) || !property.contains("value") || !property["value"].is_string()) {
      throw Refusal{400, "invalidRequest", "An extended property is malformed."};
    }
    properties.emplace_back(id, property["value"].get<std::string>());
  }
  return properties;
}

Response create_below(Call& call, const Folder& parent) {
  const Json body = call.json_body();
  for (const auto& [field, value] : body.items()) {
    if (field != "displayName" && field != "type" && field != "singleValueExtendedProperties" &&
        field != "@odata.type") {
      throw Refusal{400, "invalidRequest", base::text("'", field, "' cannot be set.")};
    }
  }
  const Json type = body.value("type", Json{});
  if (!type.is_string() || !type.get<std::string>().starts_with("IPF")) {
    throw Refusal{400, "invalidRequest", "The property 'type' is required."};
  }
  FolderPlan plan;
  plan.display_name = checked_folder_name(call, body, parent.number, std::nullopt);
  plan.type = type.get<std::string>();
  auto properties = checked_properties(body);
  const Number number = call.mailbox->add_folder(parent.number, std::move(plan));
  if (!properties.empty()) call.mailbox->set_folder_properties(number, std::move(properties));
  return json_answer(201, render_folder(call, call.mailbox->folder(number), everything()));
}

const Folder& last_named_folder(const Call& call) {
  const Folder& folder = named_folder(call, call.captures.back());
  if (call.captures.size() == 3) {
    const Folder& parent = named_folder(call, call.captures[1]);
    if (folder.parent != parent.number) {
      throw Refusal{404, "ErrorItemNotFound", "The specified object was not found in the store."};
    }
  }
  return folder;
}

void refuse_distinguished(const Folder& folder, std::string_view what) {
  if (folder.plan.well_known_name.empty() && folder.parent) return;
  throw Refusal{403, "ErrorAccessDenied",
                base::text("Distinguished folders cannot be ", what, ".")};
}

}  // namespace

std::string checked_folder_name(const Call& call, const Json& body, Number parent,
                                std::optional<Number> self) {
  const Json name = body.value("displayName", Json{});
  if (!name.is_string() || name.get<std::string>().empty() ||
      code_points(name.get<std::string>()) > kLongestName) {
    throw Refusal{400, "invalidRequest", "displayName must have 1 to 255 characters."};
  }
  const Folder* clash = call.mailbox->find_child(parent, name.get<std::string>());
  if (clash != nullptr && clash->number != self) {
    throw Refusal{409, "ErrorFolderExists", "A folder with the specified name already exists."};
  }
  return name.get<std::string>();
}

Response list_folders(Call& call) { return folder_page(call, top_folders(call)); }

Response count_folders(Call& call) {
  return text_answer(200, std::to_string(top_folders(call).size()));
}

Response list_child_folders(Call& call) {
  return folder_page(call, children_of(*call.mailbox, named_folder(call, call.captures[1])));
}

Response get_folder(Call& call) {
  static const Capabilities kSingle{{"$select", "$expand"}, folder_capabilities().fields};
  const Selection selection = parse_selection(call.target, kSingle);
  return json_answer(200, render_folder(call, last_named_folder(call), selection));
}

Response create_folder(Call& call) {
  return create_below(call, call.mailbox->folder(call.mailbox->root()));
}

Response create_child_folder(Call& call) {
  return create_below(call, named_folder(call, call.captures[1]));
}

Response update_folder(Call& call) {
  const Folder& folder = last_named_folder(call);
  const Json body = call.json_body();
  for (const auto& [field, value] : body.items()) {
    if (field != "displayName" && field != "singleValueExtendedProperties" &&
        field != "@odata.type") {
      throw Refusal{400, "invalidRequest", base::text("'", field, "' cannot be changed.")};
    }
  }
  if (body.contains("displayName")) {
    refuse_distinguished(folder, "renamed");
    call.mailbox->rename_folder(folder.number,
                                checked_folder_name(call, body, *folder.parent, folder.number));
  }
  if (body.contains("singleValueExtendedProperties")) {
    call.mailbox->set_folder_properties(folder.number, checked_properties(body));
  }
  return json_answer(200, render_folder(call, folder, everything()));
}

Response delete_folder(Call& call) { return delete_named_folder(call, last_named_folder(call)); }

Response delete_named_folder(Call& call, const Folder& folder) {
  refuse_distinguished(folder, "deleted");
  if (call.world.held_mailboxes.contains(call.mailbox->id())) {
    throw Refusal{403, "ErrorAccessDenied", "The mailbox is on hold."};
  }
  call.mailbox->remove_folder(folder.number);
  return empty_answer(204);
}

}  // namespace simulator
