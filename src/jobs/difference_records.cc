#include "src/jobs/difference_records.h"

#include <string_view>
#include <utility>

namespace jobs {
namespace {

std::string_view name(catalog::FolderDifference::What what) {
  switch (what) {
    case catalog::FolderDifference::What::added:
      return "added";
    case catalog::FolderDifference::What::removed:
      return "removed";
    case catalog::FolderDifference::What::renamed:
      return "renamed";
  }
  return "";
}

std::string_view name(catalog::ItemDifference::What what) {
  switch (what) {
    case catalog::ItemDifference::What::added:
      return "added";
    case catalog::ItemDifference::What::removed:
      return "removed";
    case catalog::ItemDifference::What::changed:
      return "changed";
    case catalog::ItemDifference::What::moved:
      return "moved";
  }
  return "";
}

// Every field that any difference has: null where it has no meaning.
Record blank(std::string_view what, std::string_view kind) {
  Record record{{"type", "difference"}, {"what", what}, {"kind", kind}};
  for (const std::string_view field :
       {"id",       "folder",     "from_folder",     "subject",         "from",
        "received", "size",       "item_class",      "sha256",          "change_key",
        "from_id",  "matched_by", "from_change_key", "from_sha256",     "from_name",
        "sent",     "created",    "modified",        "has_attachments", "stream_bytes"}) {
    record.set(field, {});
  }
  return record;
}

Record record_of(const catalog::FolderDifference& difference) {
  Record record = blank(name(difference.what), "folder");
  record.set("id", difference.folder.id)
      .set("folder", difference.path)
      .set("item_class", text_or_null(difference.folder.item_class));
  if (difference.what == catalog::FolderDifference::What::renamed) {
    record.set("from_folder", difference.path_before);
  }
  return record;
}

Record record_of(const catalog::ItemDifference& difference, const RestorePoint& from,
                 const RestorePoint& to) {
  const store::ItemEntry& item = difference.after ? *difference.after : *difference.before;
  const catalog::FolderPaths& paths = difference.after ? to.paths : from.paths;
  const store::ItemDisplay& display = difference.display;
  const std::string& sender =
      display.sender_address.empty() ? display.sender_name : display.sender_address;
  Record record = blank(name(difference.what), "item");
  record.set("id", item.id)
      .set("folder", paths.path(item.folder_id))
      .set("subject", text_or_null(display.subject))
      .set("from", text_or_null(sender))
      .set("received", display.received)
      .set("size", item.size_bytes)
      .set("item_class", text_or_null(item.item_class))
      .set("sha256", item.content.sha256.hex())
      .set("change_key", text_or_null(item.change_key))
      .set("from_name", text_or_null(display.sender_name))
      .set("sent", display.sent)
      .set("created", item.created)
      .set("modified", item.modified)
      .set("has_attachments", display.has_attachments)
      .set("stream_bytes", item.content.size_bytes);
  if (difference.before && difference.after) {
    record.set("from_change_key", text_or_null(difference.before->change_key))
        .set("from_sha256", difference.before->content.sha256.hex());
  }
  if (difference.what == catalog::ItemDifference::What::moved) {
    record.set("from_folder", from.paths.path(difference.before->folder_id))
        .set("from_id", difference.before->id)
        .set("matched_by", difference.is_known_by_content ? "content" : "id");
  }
  return record;
}

Record point_record(const store::Snapshot& point) {
  return Record{{"id", point.id}, {"time", point.time}, {"complete", point.complete}};
}

}  // namespace

catalog::DifferenceCounts difference_records(const RestorePoint& from, const RestorePoint& to,
                                             const OnRecord& on_record, std::stop_token stop) {
  const catalog::OnDifference on_difference{
      [&](const catalog::FolderDifference& difference) { on_record(record_of(difference)); },
      [&](const catalog::ItemDifference& difference) {
        on_record(record_of(difference, from, to));
      }};
  return catalog::compare({*from.reader, from.paths}, {*to.reader, to.paths}, on_difference,
                          std::move(stop));
}

Record difference_summary(const store::Snapshot& from, const store::Snapshot& to,
                          const catalog::DifferenceCounts& counts) {
  return Record{{"type", "summary"},
                {"command", "diff"},
                {"status", "complete"},
                {"mailbox", to.address},
                {"mailbox_id", to.mailbox_id},
                {"from", point_record(from)},
                {"to", point_record(to)},
                {"items", Record{{"added", counts.items.added},
                                 {"removed", counts.items.removed},
                                 {"changed", counts.items.changed},
                                 {"moved", counts.items.moved},
                                 {"unchanged", counts.items.unchanged}}},
                {"folders", Record{{"added", counts.folders.added},
                                   {"removed", counts.folders.removed},
                                   {"renamed", counts.folders.renamed}}}};
}

}  // namespace jobs
