#include "tests/golden/golden.h"

#include "src/base/digest.h"
#include "src/base/file.h"

#include <algorithm>
#include <utility>

namespace golden {
namespace {

Json instant(const std::optional<base::Instant>& instant) {
  return instant ? Json(base::format_rfc3339(*instant)) : Json();
}

}  // namespace

Json in_order(Json points) {
  for (Json& point : points) {
    for (const char* list : {"folders", "entries"}) {
      auto& entries = point[list].get_ref<Json::array_t&>();
      std::ranges::sort(entries, {}, [](const Json& entry) { return entry.dump(); });
    }
  }
  return points;
}

Json describe(const store::Snapshot& snapshot) {
  const store::ItemCounts& counts = snapshot.counts;
  return {
      {"id", snapshot.id},
      {"tenant", snapshot.tenant.name},
      {"mailbox_id", snapshot.mailbox_id},
      {"address", snapshot.address},
      {"display_name", snapshot.display_name},
      {"purpose", snapshot.purpose},
      {"policy", snapshot.policy},
      {"time", base::format_rfc3339(snapshot.time)},
      {"complete", snapshot.complete},
      {"items", snapshot.items},
      {"bytes", snapshot.bytes},
      {"counts", {counts.listed, counts.stored, counts.unchanged, counts.skipped, counts.failed}}};
}

Json describe(const store::FolderEntry& folder) {
  return {{"id", folder.id},
          {"parent_id", folder.parent_id},
          {"display_name", folder.display_name},
          {"item_class", folder.item_class},
          {"well_known_name", folder.well_known_name}};
}

Json describe(const store::ItemEntry& item, const store::ItemDisplay& display,
              base::ByteView stream) {
  return {{"folder_id", item.folder_id},
          {"id", item.id},
          {"change_key", item.change_key},
          {"item_class", item.item_class},
          {"created", instant(item.created)},
          {"modified", instant(item.modified)},
          {"size_bytes", item.size_bytes},
          {"stream_bytes", stream.size()},
          {"stream_sha256", base::sha256(stream).hex()},
          {"is_recipe", item.content.is_recipe},
          {"subject", display.subject},
          {"sender_name", display.sender_name},
          {"sender_address", display.sender_address},
          {"received", instant(display.received)},
          {"sent", instant(display.sent)},
          {"search_key", base::to_hex(base::as_bytes(display.search_key))},
          {"has_attachments", display.has_attachments}};
}

Json describe(store::Repository& repository) {
  Json points = Json::array();
  for (const store::Snapshot& snapshot : repository.snapshots()) {
    const store::TenantStore& tenant = repository.tenant(snapshot.tenant);
    Json& point = points.emplace_back(describe(snapshot));
    if (snapshot.state) {
      point["state_sha256"] = base::sha256(tenant.read_content(*snapshot.state)).hex();
    }
    const auto reader = tenant.open_snapshot(snapshot);
    point["folders"] = Json::array();
    for (const store::FolderEntry& folder : reader->folders()) {
      point["folders"].push_back(describe(folder));
    }
    point["entries"] = Json::array();
    reader->displayed_items(
        {}, [&](const store::ItemEntry& item, const store::ItemDisplay& display) {
          point["entries"].push_back(describe(item, display, tenant.read_content(item.content)));
          return true;
        });
  }
  return in_order(std::move(points));
}

Json ids_of_forgotten(const store::Repository& repository) {
  Json ids = Json::array();
  for (const store::ForgottenSnapshot& entry : repository.forgotten()) {
    ids.push_back(entry.snapshot.id);
  }
  return ids;
}

Json ids_of_holds(const store::Repository& repository) {
  Json ids = Json::array();
  for (const store::Hold& hold : repository.holds()) ids.push_back(hold.id);
  return ids;
}

Json read_json(const std::filesystem::path& path) {
  return Json::parse(base::as_text(base::read_file(path)));
}

store::Repository::Settings settings(const std::filesystem::path& index) {
  store::Repository::Settings settings;
  settings.index = index;
  settings.kdf_memory_bytes = 8 << 10;
  settings.kdf_passes = 1;
  return settings;
}

}  // namespace golden
