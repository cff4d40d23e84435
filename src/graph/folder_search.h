// The folder of a name among the children of another: where the service refuses to make it twice.
#pragma once

#include "src/graph/api_client.h"

#include <optional>
#include <stop_token>
#include <string>

namespace graph {

// `children` asks for the list; `read` makes a folder of an entry. Exchange compares names without
// regard to case, so such a one counts; the exact one is the better find. Errors of walk_list().
std::optional<Folder> find_folder_named(ApiClient& client, Call children,
                                        const std::string& display_name,
                                        Folder (*read)(const Json&), std::stop_token stop);

// Whether the service refuses to create a folder because there is one of that name.
bool says_folder_exists(const Answer& answer);

}  // namespace graph
