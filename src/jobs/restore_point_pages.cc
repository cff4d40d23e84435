#include "src/jobs/restore_point_pages.h"

#include "src/base/error.h"
#include "src/base/text.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace jobs {
namespace {

// Where a page begins: behind so many subfolders, or behind an item.
struct Cursor {
  std::size_t folders = 0;
  std::optional<store::ItemPlace> item;
};

// Ids are texts of the service: what separates them must not be in them.
std::string item_cursor(const store::ItemPlace& place) {
  return base::text("i", base::percent_encode(place.folder_id), "/",
                    base::percent_encode(place.item_id));
}

std::string folder_cursor(std::size_t folders) { return base::text("f", folders); }

std::optional<Cursor> parse(std::string_view text) {
  if (text.empty()) return Cursor{};
  const std::string_view rest = text.substr(1);
  Cursor cursor;
  if (text.front() == 'f') {
    const auto [end, failure] =
        std::from_chars(rest.data(), rest.data() + rest.size(), cursor.folders);
    const bool is_number = failure == std::errc{} && end == rest.data() + rest.size();
    return is_number ? std::optional{cursor} : std::nullopt;
  }
  const std::vector<std::string> parts = base::split(rest, '/');
  if (text.front() != 'i' || parts.size() != 2) return std::nullopt;
  const auto folder_id = base::percent_decode(parts[0]);
  const auto item_id = base::percent_decode(parts[1]);
  if (!folder_id || !item_id) return std::nullopt;
  cursor.item = store::ItemPlace{*folder_id, *item_id};
  return cursor;
}

Cursor require_cursor(std::string_view text) {
  if (auto cursor = parse(text)) return std::move(*cursor);
  throw base::Error{base::ErrorKind::usage,
                    base::text("\"", base::printable(text), "\" is not where a page ended")};
}

// The folders that a path means. A restore point without a mailbox root has folders all the same.
std::vector<std::string> parents_of(const RestorePoint& point, const std::string& folder) {
  if (folder.empty() && !point.paths.root()) return {};
  return folder_ids(point, {folder});
}

// Right below them, ordered by path.
std::vector<const store::FolderEntry*> subfolders(const RestorePoint& point,
                                                  const std::vector<std::string>& parents) {
  std::vector<const store::FolderEntry*> folders;
  for (const store::FolderEntry* folder : point.paths.ordered()) {
    const std::vector<std::string> chain = point.paths.chain(folder->id);
    const bool is_top = chain.size() == 1;
    const std::string parent = is_top ? point.paths.root().value_or("") : chain[chain.size() - 2];
    const bool is_below =
        parents.empty() ? is_top : std::ranges::find(parents, parent) != parents.end();
    if (is_below) folders.push_back(folder);
  }
  return folders;
}

class ItemPage {
 public:
  ItemPage(const RestorePoint& point, std::size_t limit, ListedPage& page)
      : point_(point), limit_(limit), page_(page) {}

  // False when the page is full; it then says where it ended.
  bool add_folder(const std::string& folder_id, const std::string& behind) {
    const std::string path = point_.paths.path(folder_id);
    bool is_full = false;
    store::ItemPlace last{folder_id, behind};
    point_.reader->displayed_items_behind(
        last, true, [&](const store::ItemEntry& item, const store::ItemDisplay& display) {
          is_full = page_.records.size() == limit_;
          if (is_full) return false;
          page_.records.push_back(item_record(path, item, display));
          last.item_id = item.id;
          return true;
        });
    if (is_full) page_.next = item_cursor(last);
    return !is_full;
  }

 private:
  const RestorePoint& point_;
  std::size_t limit_;
  ListedPage& page_;
};

}  // namespace

ListedPage list_page(const RestorePoint& point, const std::string& folder, std::string_view after,
                     std::size_t limit) {
  const Cursor cursor = require_cursor(after);
  const std::vector<std::string> ids = parents_of(point, folder);
  const auto below = subfolders(point, ids);
  ListedPage page;
  page.total = below.size();
  for (const std::string& id : ids) *page.total += point.reader->count_items(id);
  if (!cursor.item) {
    for (std::size_t i = cursor.folders; i < below.size(); ++i) {
      if (page.records.size() == limit) {
        page.next = folder_cursor(i);
        return page;
      }
      page.records.push_back(folder_record(point, *below[i]));
    }
  }
  ItemPage items{point, limit, page};
  auto next = ids.begin();
  std::string behind;
  if (cursor.item) {
    next = std::ranges::find(ids, cursor.item->folder_id);
    behind = cursor.item->item_id;
    if (next == ids.end()) static_cast<void>(require_cursor("?"));
  }
  for (; next != ids.end(); ++next) {
    if (!items.add_folder(*next, std::exchange(behind, {}))) break;
  }
  return page;
}

ListedPage find_page(const RestorePoint& point, const catalog::SearchQuery& query,
                     std::string_view after, std::size_t limit, std::size_t most_looked_at) {
  const Cursor cursor = require_cursor(after);
  const catalog::Matcher matches{query};
  ListedPage page;
  std::size_t looked_at = 0;
  const auto look = [&](const store::ItemEntry& item, const store::ItemDisplay& display) {
    if (matches(item, display)) {
      Record record = item_record(point.paths.path(item.folder_id), item, display);
      record.set("mailbox", point.snapshot.address).set("snapshot", point.snapshot.id);
      page.records.push_back(std::move(record));
    }
    if (page.records.size() < limit && ++looked_at < most_looked_at) return true;
    page.next = item_cursor({item.folder_id, item.id});
    return false;
  };
  if (cursor.item) {
    point.reader->displayed_items_behind(*cursor.item, false, look);
  } else {
    point.reader->displayed_items(std::nullopt, look);
  }
  return page;
}

}  // namespace jobs
