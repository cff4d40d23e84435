#include "src/catalog/search.h"

#include "src/base/error.h"
#include "src/base/text.h"
#include "src/catalog/folding.h"

#include <utility>

namespace catalog {
namespace {

// "IPM.Note" stands for its subclasses too, but not for "IPM.Notes".
bool is_of_class(std::string_view item_class, std::string_view wanted) {
  if (base::matches_glob(item_class, wanted)) return true;
  return item_class.size() > wanted.size() && item_class[wanted.size()] == '.' &&
         base::equals_ignoring_case(item_class.substr(0, wanted.size()), wanted);
}

bool contains(const std::string& text, const std::string& folded_part) {
  return fold_for_search(text).find(folded_part) != std::string::npos;
}

}  // namespace

std::optional<base::Instant> time_of(const store::ItemEntry& item,
                                     const store::ItemDisplay& display) {
  if (display.received) return display.received;
  if (display.sent) return display.sent;
  return item.created;
}

bool matches(const SearchQuery& query, const store::ItemEntry& item,
             const store::ItemDisplay& display) {
  return Matcher{query}(item, display);
}

Matcher::Matcher(SearchQuery query) : query_(std::move(query)) {
  query_.subject = fold_for_search(query_.subject);
  query_.sender = fold_for_search(query_.sender);
}

bool Matcher::operator()(const store::ItemEntry& item, const store::ItemDisplay& display) const {
  if (!query_.item_class.empty() && !is_of_class(item.item_class, query_.item_class)) return false;
  if (query_.after || query_.before) {
    const std::optional<base::Instant> time = time_of(item, display);
    if (!time) return false;
    if (query_.after && *time < *query_.after) return false;
    if (query_.before && *time > *query_.before) return false;
  }
  if (!query_.sender.empty() && !contains(display.sender_name, query_.sender) &&
      !contains(display.sender_address, query_.sender)) {
    return false;
  }
  return query_.subject.empty() || contains(display.subject, query_.subject);
}

void search(const store::SnapshotReader& point, const SearchQuery& query,
            const store::SnapshotReader::OnDisplayedItem& on_found, std::stop_token stop) {
  const Matcher matcher{query};
  point.displayed_items(std::nullopt,
                        [&](const store::ItemEntry& item, const store::ItemDisplay& display) {
                          if (stop.stop_requested()) {
                            throw base::Error{base::ErrorKind::cancelled, "the search was stopped"};
                          }
                          return !matcher(item, display) || on_found(item, display);
                        });
}

}  // namespace catalog
