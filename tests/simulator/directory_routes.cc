// Users, groups, and what Exchange says of an account.
#include "src/base/text.h"
#include "tests/simulator/call.h"
#include "tests/simulator/collection.h"

namespace simulator {
namespace {

const Capabilities& user_capabilities() {
  static const Capabilities kCapabilities{
      {"$select", "$filter", "$top", "$orderby", "$expand", "$count", "$search", "$skiptoken"},
      {"id", "displayName", "userPrincipalName", "mail", "accountEnabled", "userType",
       "assignedPlans", "mailboxSettings"},
      100,
      999};
  return kCapabilities;
}

Json or_null(const std::string& text) { return text.empty() ? Json{} : Json(text); }

// Without $select a user shows fewer members than it has.
Json render_user(const User& user, const Selection& selection) {
  Json json = Json::object();
  const auto set = [&](const char* field, Json value, bool shown_unasked) {
    if (selection.select.empty() ? shown_unasked : selection.selects(field)) {
      json[field] = std::move(value);
    }
  };
  set("id", user.id, true);
  set("displayName", user.display_name, true);
  set("userPrincipalName", user.user_principal_name, true);
  set("mail", or_null(user.mail), true);
  set("accountEnabled", user.account_enabled, false);
  set("userType", user.user_type, false);
  Json plans = Json::array();
  if (user.state == MailboxState::present && user.account_enabled) {
    plans.push_back({{"assignedDateTime", "2026-01-01T00:00:00Z"},
                     {"capabilityStatus", "Enabled"},
                     {"service", "exchange"},
                     {"servicePlanId", "efb87545-963c-4e0d-99df-69c6916d9eb0"}});
  }
  set("assignedPlans", std::move(plans), false);
  return json;
}

Json whole_user(const User& user) {
  Selection all;
  all.select = {"id", "displayName", "userPrincipalName", "mail", "accountEnabled", "userType"};
  return render_user(user, all);
}

bool advanced(const Call& call) {
  return base::to_lower(find_header(call.head.headers, "ConsistencyLevel").value_or("")) ==
         "eventual";
}

void require_advanced(const Call& call, bool with_count) {
  if (advanced(call) && (!with_count || call.target.parameter("$count") == "true")) return;
  throw Refusal{400, "Request_UnsupportedQuery",
                "This query needs the header ConsistencyLevel: eventual and $count=true."};
}

// Directory pages go on by $skiptoken, never by $skip.
Response directory_page(Call& call, const Selection& selection, std::string_view context,
                        const std::vector<Json>& elements) {
  std::uint64_t position = 0;
  if (const auto token = call.target.parameter("$skiptoken")) {
    const auto content = call.world.sealer.open("page", *token);
    if (!content) throw Refusal{400, "Directory_ExpiredPageToken", "The page token is not valid."};
    position = (*content)["position"].get<std::uint64_t>();
  }
  Json page = {
      {"@odata.context", base::text(call.world.origins.graph, "/v1.0/$metadata#", context)}};
  if (selection.count && advanced(call)) page["@odata.count"] = elements.size();
  Json& value = page["value"] = Json::array();
  const std::uint64_t end = std::min<std::uint64_t>(elements.size(), position + selection.top);
  for (; position < end; ++position) value.push_back(elements[position]);
  if (position < elements.size()) {
    const std::string token = call.world.sealer.seal("page", {{"position", position}});
    page["@odata.nextLink"] = call.url(query_text(call.target, "$skiptoken", token));
  }
  return json_answer(200, page);
}

bool matches_search(const std::string& search, const User& user) {
  const std::size_t colon = search.find(':');
  if (colon == std::string::npos || !search.starts_with('"') || !search.ends_with('"')) {
    throw Refusal{400, "Request_UnsupportedQuery", "$search must be \"property:value\"."};
  }
  const Json shown = whole_user(user);
  const std::string field = search.substr(1, colon - 1);
  const std::string wanted = base::to_lower(search.substr(colon + 1, search.size() - colon - 2));
  const Json own = shown.value(field, Json{});
  return own.is_string() &&
         base::to_lower(own.get<std::string>()).find(wanted) != std::string::npos;
}

const User& named_user(const Call& call) {
  const User* user = call.world.directory.find_user(call.captures[0]);
  if (user == nullptr) {
    throw Refusal{404, "Request_ResourceNotFound",
                  base::text("Resource '", call.captures[0],
                             "' does not exist or one of its queried reference-property objects "
                             "are not present.")};
  }
  return *user;
}

void require_mailbox(const User& user) {
  if (user.state == MailboxState::not_enabled) {
    throw Refusal{404, "MailboxNotEnabledForRESTAPI",
                  "The mailbox is either inactive, soft-deleted, or is hosted on-premise."};
  }
  if (user.state == MailboxState::invalid_user) {
    throw Refusal{404, "ErrorInvalidUser",
                  base::text("The requested user '", user.user_principal_name, "' is invalid.")};
  }
}

const Group& named_group(const Call& call) {
  const auto found = call.world.directory.groups.find(call.captures[0]);
  if (found == call.world.directory.groups.end()) {
    throw Refusal{404, "Request_ResourceNotFound",
                  base::text("Resource '", call.captures[0], "' does not exist.")};
  }
  return found->second;
}

Json render_group(const Group& group) {
  Json types = Json::array();
  if (group.has_mailbox) types.push_back("Unified");
  return {{"id", group.id}, {"displayName", group.display_name}, {"groupTypes", types}};
}

std::vector<Json> rendered_members(const Call& call, const Selection& selection, bool users_only) {
  const Directory& directory = call.world.directory;
  std::vector<Json> members;
  for (const std::string& id : directory.transitive_members(named_group(call).id)) {
    Json json = Json::object();
    if (const User* user = directory.find_user(id)) {
      if (!users_only) json["@odata.type"] = "#microsoft.graph.user";
      json.update(render_user(*user, selection));
    } else if (const auto group = directory.groups.find(id);
               !users_only && group != directory.groups.end()) {
      json["@odata.type"] = "#microsoft.graph.group";
      json.update(render_group(group->second));
    } else if (const auto other = directory.others.find(id);
               !users_only && other != directory.others.end()) {
      json = {{"@odata.type", other->second.odata_type},
              {"id", other->second.id},
              {"displayName", other->second.display_name}};
    } else {
      continue;  // a deleted user, or none where only users are asked for
    }
    members.push_back(std::move(json));
  }
  return members;
}

}  // namespace

Response list_users(Call& call) {
  if (call.target.parameter("$skip")) {
    throw Refusal{400, "Request_BadRequest", "$skip is not supported."};
  }
  const Selection selection = parse_selection(call.target, user_capabilities());
  if (!selection.select.empty() && selection.selects("mailboxSettings")) {
    throw Refusal{501, "NotImplemented", "mailboxSettings cannot be selected on a collection."};
  }
  const auto search = call.target.parameter("$search");
  if (search || selection.filter.needs_advanced_query()) require_advanced(call, !search);
  std::vector<Json> elements;
  for (const User& user : call.world.directory.users) {
    if (user.deleted || !selection.filter.matches(whole_user(user))) continue;
    if (search && !matches_search(*search, user)) continue;
    elements.push_back(render_user(user, selection));
  }
  if (selection.order_by) {
    const std::string field = *selection.order_by;
    std::stable_sort(elements.begin(), elements.end(), [&](const Json& left, const Json& right) {
      const bool before = left.value(field, Json{}) < right.value(field, Json{});
      const bool after = right.value(field, Json{}) < left.value(field, Json{});
      return selection.descending ? after : before;
    });
  }
  return directory_page(call, selection, "users", elements);
}

Response count_users(Call& call) {
  require_advanced(call, false);
  return text_answer(200, std::to_string(call.world.directory.user_count()));
}

Response get_user(Call& call) {
  static const Capabilities kSingle{{"$select", "$expand"}, user_capabilities().fields};
  const Selection selection = parse_selection(call.target, kSingle);
  Json json = {{"@odata.context", call.world.origins.graph + "/v1.0/$metadata#users/$entity"}};
  json.update(render_user(named_user(call), selection));
  return json_answer(200, json);
}

Response get_exchange_settings(Call& call) {
  static const Capabilities kNone{};
  parse_selection(call.target, kNone);
  const User& user = named_user(call);
  require_mailbox(user);
  Json json = {{"@odata.context", base::text(call.world.origins.graph, "/v1.0/$metadata#users('",
                                             user.id, "')/settings/exchange/$entity")}};
  if (user.state == MailboxState::present) json["primaryMailboxId"] = user.mailbox_id;
  if (user.state == MailboxState::empty_id) json["primaryMailboxId"] = "";
  return json_answer(200, json);
}

Response get_user_purpose(Call& call) {
  const User& user = named_user(call);
  require_mailbox(user);
  return json_answer(
      200, {{"@odata.context", base::text(call.world.origins.graph, "/v1.0/$metadata#users('",
                                          user.id, "')/mailboxSettings/userPurpose")},
            {"value", user.purpose}});
}

Response list_groups(Call& call) {
  static const Capabilities kCapabilities{{"$select", "$filter", "$top", "$count", "$skiptoken"},
                                          {"id", "displayName", "groupTypes"},
                                          100,
                                          999};
  const Selection selection = parse_selection(call.target, kCapabilities);
  std::vector<Json> elements;
  for (const auto& [id, group] : call.world.directory.groups) {
    if (selection.filter.matches(render_group(group))) elements.push_back(render_group(group));
  }
  return directory_page(call, selection, "groups", elements);
}

Response get_group(Call& call) { return json_answer(200, render_group(named_group(call))); }

Response list_transitive_members(Call& call) {
  const Selection selection = parse_selection(call.target, user_capabilities());
  return directory_page(call, selection, "directoryObjects",
                        rendered_members(call, selection, false));
}

Response list_transitive_users(Call& call) {
  require_advanced(call, true);
  const Selection selection = parse_selection(call.target, user_capabilities());
  return directory_page(call, selection, "users", rendered_members(call, selection, true));
}

}  // namespace simulator
