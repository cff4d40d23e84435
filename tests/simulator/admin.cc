#include "tests/simulator/admin.h"

#include "src/base/error.h"
#include "src/base/text.h"
#include "tests/simulator/answers.h"
#include "tests/simulator/evolution.h"
#include "tests/simulator/folder_stream.h"
#include "tests/simulator/operations.h"
#include "tests/simulator/query.h"

namespace simulator {
namespace {

constexpr std::uint64_t kMostDays = 3650;

Json body_of(std::string_view body) {
  if (body.empty()) return Json::object();
  Json json = Json::parse(body, nullptr, false);
  if (json.is_discarded()) throw Refusal{400, "usage", "the body is not JSON"};
  return json;
}

Json describe(const Activity& activity) {
  return {{"added", activity.added},
          {"changed", activity.changed},
          {"moved", activity.moved},
          {"deleted", activity.deleted},
          {"folders_created", activity.folders_created},
          {"folders_renamed", activity.folders_renamed},
          {"folders_moved", activity.folders_moved},
          {"folders_recreated", activity.folders_recreated},
          {"folders_deleted", activity.folders_deleted}};
}

Json evolve(World& world, const Json& body, Instant now) {
  const std::uint64_t days = body.value("days", std::uint64_t{1});
  if (days > kMostDays) throw Refusal{400, "usage", "too many days"};
  Json lived = Json::array();
  for (std::uint64_t i = 0; i < days; ++i) lived.push_back(describe(live_one_day(world, now)));
  return {{"days", lived}, {"now", base::format_rfc3339(now + world.clock_offset)}};
}

Json advance(World& world, const Json& body, Instant now) {
  world.clock_offset += std::chrono::seconds{body.value("seconds", std::int64_t{0})};
  return {{"now", base::format_rfc3339(now + world.clock_offset)}};
}

Json skew(World& world, const Json& body) {
  world.date_offset = std::chrono::seconds{body.value("seconds", std::int64_t{0})};
  return Json::object();
}

Json damage_mailbox(World& world, const Json& body, Instant now) {
  Mailbox* mailbox = world.find_mailbox(body.value("mailbox", ""));
  if (mailbox == nullptr) throw Refusal{404, "none", "no such mailbox"};
  return describe(damage(*mailbox, world.seed, now + world.clock_offset));
}

// {"clear":true, "rates":"reset=0.1,...",
// "order":[{"fault":"cut_body","operation":"export_items","skip":2,"times":1}]}
Json set_faults(World& world, const Json& body) {
  if (body.value("clear", false)) world.faults.clear();
  try {
    world.faults.configure(body.value("rates", ""));
  } catch (const base::Error& error) {
    throw Refusal{400, "usage", error.what()};
  }
  for (const Json& order : body.value("order", Json::array())) {
    const auto fault = fault_named(order.value("fault", ""));
    if (!fault) throw Refusal{400, "usage", "there is no such fault"};
    for (std::uint64_t i = order.value("times", std::uint64_t{1}); i > 0; --i) {
      world.faults.order(*fault, order.value("operation", ""),
                         order.value("skip", std::uint64_t{0}));
    }
  }
  return Json::object();
}

struct ShownItem {
  Json json;
  Recipe recipe;
};

struct ShownMailbox {
  Json head;
  std::vector<std::vector<Recipe>> folder_streams;  // of head["folders"], in their order
  std::vector<ShownItem> items;
};

ShownMailbox show(const World& world, const Mailbox& mailbox) {
  const User* owner = world.owner_of(mailbox.id());
  ShownMailbox shown;
  shown.head = {{"id", mailbox.id()}};
  if (owner != nullptr) {
    shown.head.update({{"address", owner->mail},
                       {"userPrincipalName", owner->user_principal_name},
                       {"purpose", owner->purpose},
                       {"deleted", owner->deleted}});
  }
  Json& folders = shown.head["folders"] = Json::array();
  for (const auto& [number, folder] : mailbox.folders()) {
    folders.push_back(
        {{"id", folder.id},
         {"parent_id", folder.parent ? Json(mailbox.folder(*folder.parent).id) : Json{}},
         {"path", mailbox.path_of(number)},
         {"type", folder.plan.type},
         {"well_known_name", folder.plan.well_known_name},
         {"hidden", folder.plan.hidden},
         {"search", folder.plan.search},
         {"items", folder.items.size()}});
    shown.folder_streams.push_back(recipes_in(mailbox, folder));
  }
  for (const auto& [number, item] : mailbox.items()) {
    const Facts facts = facts_of(item.recipe);
    shown.items.push_back({{{"id", item.id},
                            {"immutable_id", item.immutable_id},
                            {"folder_id", mailbox.folder(item.folder).id},
                            {"change_key", long_change_key(mailbox.change_key(item))},
                            {"search_key", base::to_hex(facts.search_key)},
                            {"size", item.size_bytes},
                            {"subject", facts.subject},
                            {"from", facts.sender_address},
                            {"type", message_class(item.recipe.kind)},
                            {"created", base::format_rfc3339(item.created)},
                            {"modified", base::format_rfc3339(item.modified)},
                            {"received", base::format_rfc3339(item.recipe.received)}},
                           item.recipe});
  }
  return shown;
}

}  // namespace

Response Admin::handle(const RequestHead& head, std::string_view body, Instant now) {
  try {
    const Target target = parse_target(head.target);
    if (target.segments.size() != 2 || target.segments[0] != "_admin") {
      throw Refusal{404, "none", "see tests/simulator/README.md for what is here"};
    }
    const std::string what = head.method + " " + target.segments[1];
    if (what == "GET state") {
      return show_state(target.parameter("mailbox").value_or(""),
                        target.parameter("folder_streams").value_or("") == "true");
    }
    if (what == "GET statistics") return show_statistics();
    if (what == "POST reset-statistics") {
      tenant_.reset_statistics();
      return json_answer(200, Json::object());
    }
    const Json arguments = body_of(body);
    auto world = tenant_.world();
    if (what == "POST evolve") return json_answer(200, evolve(*world, arguments, now));
    if (what == "POST advance") return json_answer(200, advance(*world, arguments, now));
    if (what == "POST skew") return json_answer(200, skew(*world, arguments));
    if (what == "POST damage") return json_answer(200, damage_mailbox(*world, arguments, now));
    if (what == "POST faults") return json_answer(200, set_faults(*world, arguments));
    if (what == "POST operations") return json_answer(200, operate(*world, arguments, now));
    throw Refusal{404, "none", base::text("there is no ", what)};
  } catch (const Refusal& refusal) {
    return error_answer(refusal, head.headers, now);
  } catch (const Json::exception& error) {
    return error_answer(Refusal{400, "usage", error.what()}, head.headers, now);
  }
}

StreamSummary Admin::summary_of(const Recipe& recipe) {
  const std::string key{base::as_text(encode(recipe))};
  {
    auto summaries = summaries_.lock();
    if (const auto found = summaries->find(key); found != summaries->end()) return found->second;
  }
  const StreamSummary summary = summarize_stream(recipe);
  summaries_.lock()->emplace(key, summary);
  return summary;
}

Response Admin::show_state(const std::string& mailbox, bool of_folders) {
  std::vector<ShownMailbox> shown;
  {
    auto world = tenant_.world();
    if (mailbox.empty()) {
      for (const auto& [id, each] : world->mailboxes) shown.push_back(show(*world, each));
    } else {
      const Mailbox* found = world->find_mailbox(mailbox);
      if (found == nullptr) throw Refusal{404, "none", "no such mailbox"};
      shown.push_back(show(*world, *found));
    }
  }
  // The streams are made without the lock: it takes a second for each gigabyte.
  Response response = json_answer(200, Json::object());
  response.body = "{\"mailboxes\":[";
  for (std::size_t i = 0; i < shown.size(); ++i) {
    for (std::size_t j = 0; of_folders && j < shown[i].folder_streams.size(); ++j) {
      shown[i].head["folders"][j]["stream_sha256"] =
          digest_of_folder(std::move(shown[i].folder_streams[j])).hex();
    }
    std::string head = shown[i].head.dump();
    head.pop_back();
    response.body += (i > 0 ? ",\n" : "") + head + ",\"items\":[";
    for (std::size_t j = 0; j < shown[i].items.size(); ++j) {
      ShownItem& item = shown[i].items[j];
      const StreamSummary summary = summary_of(item.recipe);
      item.json["stream_bytes"] = summary.size_bytes;
      item.json["sha256"] = summary.sha256.hex();
      response.body += (j > 0 ? ",\n" : "\n") + item.json.dump();
    }
    response.body += "]}";
  }
  response.body += "]}\n";
  return response;
}

Response Admin::show_statistics() {
  auto world = tenant_.world();
  const Statistics& statistics = world->statistics;
  Json requests = Json::object();
  std::uint64_t total = 0;
  for (const auto& [key, count] : statistics.requests) {
    const auto& [operation, status] = key;
    requests[operation][std::to_string(status)] = count;
    total += count;
  }
  std::uint64_t most = 0;
  Json in_flight = Json::object();
  for (const auto& [mailbox, count] : statistics.maximum_in_flight) {
    most = std::max(most, count);
    in_flight[mailbox] = world->limits.in_flight(mailbox);
  }
  return json_answer(200, {{"requests", requests},
                           {"total_requests", total},
                           {"maximum_in_flight", most},
                           {"maximum_in_flight_by_mailbox", statistics.maximum_in_flight},
                           {"in_flight_by_mailbox", in_flight},
                           {"exported_items", statistics.exported_items},
                           {"exported_items_by_mailbox", statistics.exported_items_by_mailbox},
                           {"exported_bytes", tenant_.exported_bytes()},
                           {"imported_items", statistics.imported_items},
                           {"imported_bytes", statistics.imported_bytes},
                           {"uploaded_bytes", statistics.uploaded_bytes},
                           {"early_retries", statistics.early_retries},
                           {"faults", statistics.faults},
                           {"violations", statistics.violations}});
}

}  // namespace simulator
