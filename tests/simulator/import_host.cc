#include "tests/simulator/import_host.h"

#include "src/base/text.h"
#include "tests/simulator/answers.h"
#include "tests/simulator/call.h"
#include "tests/simulator/query.h"

namespace simulator {
namespace {

constexpr std::string_view kPathStart = "Mailboxes('";
constexpr std::string_view kPathEnd = "')";

std::string mailbox_in_path(const Target& target) {
  const std::vector<std::string>& path = target.segments;
  if (path.size() != 4 || path[0] != "api" || path[1] != "gv1.0" || path[3] != "importItem" ||
      !path[2].starts_with(kPathStart) || !path[2].ends_with(kPathEnd)) {
    throw Refusal{404, "ResourceNotFound", "There is nothing at this URL."};
  }
  return path[2].substr(kPathStart.size(), path[2].size() - kPathStart.size() - kPathEnd.size());
}

// The import host's own clocks give seven fractional digits.
std::string seven_digits(Instant instant) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(instant);
  std::string text = base::format_rfc3339(seconds);
  text.pop_back();
  return fmt::format("{}.{:03}0000Z", text, (instant - seconds).count());
}

void check_members(const ImportScanner::Document& document) {
  if (!document.well_formed || !document.folder_id || !document.mode || !document.has_data) {
    throw Refusal{400, "invalidRequest", "FolderId, Mode and Data are required."};
  }
  if (*document.mode == "create") {
    if (document.item_id || document.change_key) {
      throw Refusal{400, "invalidRequest", "ItemId and ChangeKey must be absent with create."};
    }
  } else if (*document.mode == "update") {
    if (!document.item_id || !document.change_key) {
      throw Refusal{400, "invalidRequest", "ItemId and ChangeKey are required with update."};
    }
  } else {
    throw Refusal{400, "invalidRequest", "Mode must be create or update."};
  }
}

const Item& item_to_update(const Mailbox& mailbox, const Folder& folder,
                           const ImportScanner::Document& document) {
  const Item* item = mailbox.find_item(*document.item_id);
  if (item != nullptr && item->folder == folder.number) {
    const base::Bytes key = mailbox.change_key(*item);
    if (*document.change_key == long_change_key(key) ||
        *document.change_key == short_change_key(key)) {
      return *item;
    }
  }
  throw Refusal{409, "ErrorIrresolvableConflict",
                "ItemId and ChangeKey do not match an item in the folder."};
}

}  // namespace

Response create_import_session(Call& call) {
  if (!call.body.empty() && !call.json_body().empty()) {
    throw Refusal{400, "invalidRequest", "createImportSession takes no members."};
  }
  const Instant expires = call.now + call.world.lifetimes.import_session;
  const std::string token =
      call.world.sealer.seal("import", {{"app", call.application->client_id},
                                        {"mailbox", call.mailbox->id()},
                                        {"exp", base::to_milliseconds(expires)},
                                        {"generation", call.world.token_generation}});
  return json_answer(
      200,
      {{"@odata.context", base::text(call.world.origins.graph,
                                     "/v1.0/$metadata#microsoft.graph.mailboxItemImportSession")},
       {"importUrl", base::text(call.world.origins.import, "/api/gv1.0/Mailboxes('",
                                call.mailbox->id(), "')/importItem?authtoken=", token)},
       {"expirationDateTime", seven_digits(expires)}});
}

ImportSession check_import_request(World& world, const RequestHead& head, Instant now) {
  if (find_header(head.headers, "Authorization")) {
    ++world.statistics.violations["authorization_sent_to_import_host"];
    throw Refusal{401, "", ""};
  }
  const Target target = parse_target(head.target);
  const std::string mailbox = mailbox_in_path(target);
  if (head.method != "POST") throw Refusal{405, "BadRequest", "Only POST is served here."};
  const std::string type{find_header(head.headers, "Content-Type").value_or("")};
  if (!base::to_lower(type).starts_with("application/json")) {
    throw Refusal{415, "UnsupportedMediaType", "The body must be application/json."};
  }
  const auto content = world.sealer.open("import", target.parameter("authtoken").value_or(""));
  if (!content || (*content)["exp"].get<std::int64_t>() <= base::to_milliseconds(now) ||
      (*content)["generation"] != world.token_generation) {
    throw Refusal{401, "", ""};
  }
  ImportSession session{(*content)["app"].get<std::string>(),
                        (*content)["mailbox"].get<std::string>()};
  if (session.mailbox_id != mailbox) {
    throw Refusal{409, "InvalidImportSession",
                  base::text("Invalid import session. The target session is expected in mailbox ",
                             mailbox, ".")};
  }
  return session;
}

Response import_item(World& world, const ImportSession& session,
                     const ImportScanner::Document& document, Instant now) {
  Mailbox* mailbox = world.find_mailbox(session.mailbox_id);
  const User* owner = world.owner_of(session.mailbox_id);
  if (mailbox == nullptr || owner == nullptr || owner->deleted) {
    throw Refusal{404, "MailboxNotEnabledForRESTAPI", "The mailbox is inactive or soft-deleted."};
  }
  check_members(document);
  const Folder* folder = mailbox->find_folder(*document.folder_id);
  if (folder == nullptr) {
    throw Refusal{404, "ErrorItemNotFound", "The folder was not found in the store."};
  }
  if (!document.recipe) {
    throw Refusal{400, "ErrorCorruptData", "Data is corrupt: it is not an exported item."};
  }
  if (world.full_mailboxes.contains(session.mailbox_id)) {
    throw Refusal{507, "ErrorQuotaExceeded", "The mailbox has reached its quota."};
  }
  Recipe recipe = *document.recipe;
  if (world.faults.rewrites()) ++recipe.revision;
  Number number = 0;
  if (*document.mode == "create") {
    number = mailbox->add_item(folder->number, recipe, now);
  } else {
    number = item_to_update(*mailbox, *folder, document).number;
    mailbox->change_item(number, recipe, now);
  }
  ++world.statistics.imported_items;
  world.statistics.imported_bytes += document.stream_bytes;
  const Item& item = mailbox->item(number);
  return json_answer(
      200, {{"@odata.context",
             base::text(world.origins.import,
                        "/api/gv1.0/$metadata#microsoft.graph.importMailboxItemResponse")},
            {"itemId", item.id},
            {"changeKey", short_change_key(mailbox->change_key(item))}});
}

}  // namespace simulator
