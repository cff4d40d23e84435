#include "src/graph/entities.h"

#include "tests/fuzz/targets.h"

namespace fuzz {

void fuzz_entities(base::ByteView input) {
  using base::ErrorKind;
  using graph::Json;
  const auto json =
      unless_refused({ErrorKind::protocol}, [&] { return Json::parse(base::as_text(input)); });
  if (!json) return;
  const auto folder =
      unless_refused({ErrorKind::protocol}, [&] { return graph::read_folder(*json); });
  const auto item = unless_refused({ErrorKind::protocol}, [&] { return graph::read_item(*json); });
  const auto user = unless_refused({ErrorKind::protocol}, [&] { return graph::read_user(*json); });
  hold(!folder || !folder->id.empty(), "a folder has an id");
  hold(!item || !item->id.empty(), "an item has an id");
  hold(!user || !user->id.empty(), "a user has an id");
  static_cast<void>(
      unless_refused({ErrorKind::protocol}, [&] { return graph::read_details(*json); }));
  static_cast<void>(
      unless_refused({ErrorKind::protocol}, [&] { return graph::is_removed(*json); }));
}

}  // namespace fuzz
