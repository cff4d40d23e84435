// The service's JSON as our values, and the extended properties that tell what a stream holds.
#pragma once

#include "src/graph/directory.h"
#include "src/graph/json.h"
#include "src/graph/mailbox_service.h"

#include <cstdint>
#include <span>
#include <string>

namespace graph {

// Each throws Error(protocol) when an id is missing or a member has a wrong type.
Folder read_folder(const Json& json);
Item read_item(const Json& json);
ItemDetails read_details(const Json& json);
User read_user(const Json& json);

// Whether an entry of a change feed says that the thing is not in view any more.
bool is_removed(const Json& entry);

// How much is asked about an item. A service that refuses much may still answer little.
enum class DetailLevel : std::uint8_t { all, few, none };
// "$expand=singleValueExtendedProperties(...)", encoded for a URL; empty for none.
std::string details_query(DetailLevel level);
// The same for a folder's hidden and kind properties.
std::string folder_details_query();

}  // namespace graph
