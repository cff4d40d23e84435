// How folders and items look in answers.
#include "src/base/base64.h"
#include "src/base/text.h"
#include "tests/simulator/call.h"

namespace simulator {
namespace {

template <typename Resource>
void render_properties(Json& json, const Resource& resource, const Selection& selection) {
  if (selection.expand.empty()) return;
  Json properties = Json::array();
  for (const PropertyTag& tag : selection.expand) {
    if (const auto value = property_of(resource, tag)) {
      properties.push_back({{"id", tag.spelled()}, {"value", *value}});
    }
  }
  if (!properties.empty()) json["singleValueExtendedProperties"] = std::move(properties);
}

Json or_null(const std::string& text) { return text.empty() ? Json{} : Json(text); }

std::string whole_seconds(Instant instant) {
  return base::format_rfc3339(std::chrono::floor<std::chrono::seconds>(instant));
}

}  // namespace

bool Call::strikes(Fault fault) const { return world.strikes(fault, operation); }

Json Call::json_body() const {
  Json json = Json::parse(body, nullptr, false);
  if (!json.is_object()) {
    throw Refusal{400, "BadRequest", "Unable to read JSON request payload."};
  }
  return json;
}

std::string Call::url(std::string_view query) const {
  const std::string_view path = std::string_view{head.target}.substr(0, head.target.find('?'));
  return base::text(world.origins.graph, path, query);
}

const Folder& named_folder(const Call& call, const std::string& name) {
  const Folder* folder = call.mailbox->find_folder(name);
  if (folder != nullptr) return *folder;
  // Well-known names are words; whatever else is not an id cannot be one.
  const bool word = name.size() < 40 && name.find_first_of("=-_%") == std::string::npos;
  if (!word && !looks_like_id(name)) {
    throw Refusal{400, "ErrorInvalidIdMalformed", "Id is malformed."};
  }
  throw Refusal{404, "ErrorItemNotFound",
                "The specified object was not found in the store., The process failed to get the "
                "correct properties."};
}

const Item& named_item(const Call& call, const Folder& folder, const std::string& id) {
  const Item* item = call.mailbox->find_item(id);
  if (item != nullptr && item->folder == folder.number) return *item;
  if (!looks_like_id(id)) throw Refusal{400, "ErrorInvalidIdMalformed", "Id is malformed."};
  throw Refusal{404, "ErrorItemNotFound", "The specified object was not found in the store."};
}

const Capabilities& folder_capabilities() {
  static const Capabilities kCapabilities{
      {"$select", "$filter", "$top", "$skip", "$orderby", "$count", "$expand"},
      {"id", "displayName", "parentFolderId", "childFolderCount", "totalItemCount", "type",
       "wellKnownName", "parentMailboxUrl"}};
  return kCapabilities;
}

const Capabilities& item_capabilities() {
  static const Capabilities kCapabilities{
      {"$select", "$filter", "$top", "$skip", "$orderby", "$count", "$expand"},
      {"id", "changeKey", "createdDateTime", "lastModifiedDateTime", "categories", "type", "size"}};
  return kCapabilities;
}

Json render_folder(const Call& call, const Folder& folder, const Selection& selection) {
  const Mailbox& mailbox = *call.mailbox;
  Json json = {{"@odata.type", "#microsoft.graph.mailboxFolder"},
               {"id", folder.id},
               {"parentMailboxUrl", base::text(call.world.origins.graph,
                                               "/v1.0/admin/exchange/mailboxes/", mailbox.id())}};
  const auto set = [&](const char* field, Json value) {
    if (selection.selects(field)) json[field] = std::move(value);
  };
  set("displayName", folder.plan.display_name);
  set("parentFolderId", folder.parent ? Json(mailbox.folder(*folder.parent).id) : Json{});
  set("childFolderCount", folder.children.size());
  set("totalItemCount", folder.items.size() + folder.plan.unlisted_items);
  set("wellKnownName", or_null(folder.plan.well_known_name));
  set("type", or_null(folder.plan.type));
  render_properties(json, folder, selection);
  return json;
}

const std::string& shown_id(const Call& call, const Item& item) {
  return prefers_immutable_ids(call.head.headers) ? item.immutable_id : item.id;
}

Json render_item(const Call& call, const Item& item, const Selection& selection) {
  const std::string change_key = long_change_key(call.mailbox->change_key(item));
  Json json = {{"@odata.type", "#microsoft.graph.mailboxItem"},
               {"@odata.etag", base::text("W/\"", change_key, "\"")},
               {"id", shown_id(call, item)}};
  const auto set = [&](const char* field, Json value) {
    if (selection.selects(field)) json[field] = std::move(value);
  };
  set("createdDateTime", whole_seconds(item.created));
  set("lastModifiedDateTime", whole_seconds(item.modified));
  set("changeKey", change_key);
  set("categories", item.recipe.message % 11 == 0 ? Json::array({"Blue category"}) : Json::array());
  set("type", message_class(item.recipe.kind));
  set("size", item.size_bytes);
  render_properties(json, item, selection);
  return json;
}

}  // namespace simulator
