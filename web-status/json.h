// JSON that is posted, and the objects that the web writes itself. The records of the appliance
// pass as they are.
#pragma once

#include "web-status/appliance_view.h"

#include <string>
#include <string_view>

namespace web {

// An object whose members are null, true, false, whole numbers from 0 on, strings and lists of
// strings. Error(usage) for anything else, and for a member that is there twice.
Fields parse_object(std::string_view json);

// One line. Text that is no UTF-8 gets U+FFFD in its place.
std::string to_json(const Fields& fields);
std::string to_json(const Field& field);

}  // namespace web
