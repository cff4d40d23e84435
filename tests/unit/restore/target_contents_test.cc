#include "src/restore/target_contents.h"

#include "tests/support/catch.h"

namespace {

using restore::TargetContents;

restore::TargetItem item(const std::string& item_class, const std::string& search_key) {
  return {"change key", item_class, search_key, base::from_milliseconds(1000)};
}

store::ItemEntry source(const std::string& id, const std::string& item_class) {
  store::ItemEntry entry;
  entry.id = id;
  entry.item_class = item_class;
  return entry;
}

}  // namespace

TEST_CASE("candidates are found by search key, and by class where the source has none",
          "[restore]") {
  TargetContents contents{{{"mail", item("IPM.Note", "key")},
                           {"keyless", item("IPM.Note", "")},
                           {"task", item("IPM.Task", "")}}};
  using Ids = std::vector<std::string>;

  CHECK(contents.candidates(source("a", "IPM.Note"), "key", false) == Ids{"mail"});
  CHECK(contents.candidates(source("a", "IPM.Note"), "other", false).empty());
  CHECK(contents.candidates(source("task", "IPM.Note"), "other", true) == Ids{"task"});
  CHECK(contents.candidates(source("a", "ipm.note"), "", false) == Ids{"keyless", "mail"});

  contents.claim("mail", "b");
  CHECK(contents.candidates(source("a", "IPM.Note"), "key", false).empty());
  CHECK(contents.candidates(source("b", "IPM.Note"), "key", false) == Ids{"mail"});
  CHECK(contents.candidates(source("a", "IPM.Note"), "", false) == Ids{"keyless"});
}
