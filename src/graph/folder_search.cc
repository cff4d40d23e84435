#include "src/graph/folder_search.h"

#include "src/base/text.h"
#include "src/graph/change_feed.h"

#include <utility>

namespace graph {

std::optional<Folder> find_folder_named(ApiClient& client, Call children,
                                        const std::string& display_name,
                                        Folder (*read)(const Json&), std::stop_token stop) {
  std::optional<Folder> found;
  walk_list(
      client, std::move(children),
      [&](const Json& entry) {
        Folder folder = read(entry);
        const bool is_same = folder.display_name == display_name;
        if (is_same || (!found && base::equals_ignoring_case(folder.display_name, display_name))) {
          found = std::move(folder);
        }
        return !is_same;
      },
      std::move(stop));
  return found;
}

bool says_folder_exists(const Answer& answer) {
  return answer.status() == 409 ||
         answer.error.is_any_of({"ErrorFolderExists", "nameAlreadyExists"});
}

}  // namespace graph
