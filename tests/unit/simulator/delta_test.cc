#include "src/base/text.h"
#include "tests/simulator/evolution.h"
#include "tests/support/catch.h"
#include "tests/unit/simulator/small_tenant.h"

#include <map>

namespace {

using simulator::Fault;
using simulator::Json;

const simulator::Headers kSmallPages = {{"Prefer", "odata.maxpagesize=7"}};

// What a client that believes every entry knows of a folder: item ids with their change keys.
using Known = std::map<std::string, std::string>;

void learn(Known& known, const std::vector<Json>& entries) {
  for (const Json& entry : entries) {
    if (entry.contains("@removed")) {
      known.erase(entry["id"].get<std::string>());
    } else {
      known[entry["id"].get<std::string>()] = entry["changeKey"].get<std::string>();
    }
  }
}

Known listed(const simulator::Mailbox& mailbox, simulator::Number folder) {
  Known known;
  for (const simulator::Number number : mailbox.folder(folder).items) {
    const simulator::Item& item = mailbox.item(number);
    known[item.id] = simulator::long_change_key(mailbox.change_key(item));
  }
  return known;
}

// The only entry of the round that follows; fails the test if there are more or fewer.
Json only_entry(test::SmallTenant& small, const std::string& link) {
  const auto round = small.all_pages(link);
  REQUIRE(round.elements.size() == 1);
  return round.elements.front();
}

}  // namespace

TEST_CASE("the first round gives what is there, in pages of the asked size", "[simulator]") {
  test::SmallTenant small;
  const auto round = small.all_pages(small.folder_path("inbox") + "/items/delta", kSmallPages);
  Known known;
  learn(known, round.elements);
  const simulator::Number inbox = small.mailbox().find_folder("inbox")->number;
  CHECK(known == listed(small.mailbox(), inbox));
  CHECK(round.pages == (known.size() + 6) / 7);
  CHECK_FALSE(round.delta_link.empty());
  CHECK(small.all_pages(round.delta_link).elements.empty());
}

TEST_CASE("pages have ten entries unless asked otherwise", "[simulator]") {
  test::SmallTenant small;
  const std::string target = small.mailbox_path() + "/folders/delta()";
  CHECK(small.get(target).json()["value"].size() == 10);
  CHECK(small.get(target, {{"prefer", "IdType=\"ImmutableId\", odata.maxpagesize=3"}})
            .json()["value"]
            .size() == 3);
}

TEST_CASE("later rounds tell what happened to an item", "[simulator]") {
  test::SmallTenant small;
  simulator::Mailbox& mailbox = small.mailbox();
  const simulator::Number inbox = mailbox.find_folder("inbox")->number;
  const simulator::Number drafts = mailbox.find_folder("drafts")->number;
  const simulator::Number item = *mailbox.folder(inbox).items.begin();
  const std::string id = mailbox.item(item).id;
  const auto inbox_round = small.all_pages(small.folder_path("inbox") + "/items/delta");
  const auto drafts_round = small.all_pages(small.folder_path("drafts") + "/items/delta");
  const base::Instant now = small.clock().now();

  SECTION("changed: the same id, another change key") {
    simulator::Recipe recipe = mailbox.item(item).recipe;
    ++recipe.revision;
    mailbox.change_item(item, recipe, now);
    const Json entry = only_entry(small, inbox_round.delta_link);
    CHECK(entry["id"] == id);
    CHECK(entry["changeKey"] == simulator::long_change_key(mailbox.change_key(mailbox.item(item))));
  }
  SECTION("moved: gone here as changed, there under another id") {
    mailbox.move_item(item, drafts, now);
    const Json gone = only_entry(small, inbox_round.delta_link);
    CHECK(gone["id"] == id);
    CHECK(gone["@removed"]["reason"] == "changed");
    const Json come = only_entry(small, drafts_round.delta_link);
    CHECK(come["id"] == mailbox.item(item).id);
    CHECK(come["id"] != id);
  }
  SECTION("moved and back: the old id is gone, a new one has come") {
    mailbox.move_item(item, drafts, now);
    mailbox.move_item(item, inbox, now);
    Known known;
    learn(known, inbox_round.elements);
    learn(known, small.all_pages(inbox_round.delta_link).elements);
    CHECK(known == listed(mailbox, inbox));
    CHECK_FALSE(known.contains(id));
    for (const Json& entry : small.all_pages(drafts_round.delta_link).elements) {
      CHECK(entry.contains("@removed"));
    }
  }
  SECTION("deleted") {
    mailbox.remove_item(item);
    const Json gone = only_entry(small, inbox_round.delta_link);
    CHECK(gone["id"] == id);
    CHECK(gone["@removed"]["reason"] == "deleted");
  }
  SECTION("immutable ids survive the move") {
    const simulator::Headers immutable = {{"Prefer", "IdType=\"ImmutableId\""}};
    const std::string immutable_id = mailbox.item(item).immutable_id;
    mailbox.move_item(item, drafts, now);
    CHECK(small.all_pages(inbox_round.delta_link, immutable).elements[0]["id"] == immutable_id);
    CHECK(small.all_pages(drafts_round.delta_link, immutable).elements[0]["id"] == immutable_id);
  }
}

TEST_CASE("delta tokens are refused when they are old, foreign or altered", "[simulator]") {
  test::SmallTenant small;
  const std::string target = small.folder_path("inbox") + "/items/delta";
  const std::string link = small.all_pages(target).delta_link;

  SECTION("old") {
    small.tenant().world()->clock_offset += std::chrono::days{31};
    small.use(simulator::kRestoreClientId);
    const test::Answer answer = small.get(link);
    CHECK(answer.status == 410);
    CHECK(answer.code() == "syncStateNotFound");
    const std::string again{simulator::find_header(answer.headers, "Location").value()};
    CHECK(again.ends_with("deltatoken="));
    CHECK_FALSE(small.all_pages(again).elements.empty());
  }
  SECTION("rejected") {
    ++small.tenant().world()->delta_generation;
    CHECK(small.get(link).status == 410);
  }
  SECTION("altered") { CHECK(small.get(link + "x").status == 400); }
  SECTION("foreign") {
    const std::string token = link.substr(link.find('?'));
    CHECK(small.get(small.folder_path("drafts") + "/items/delta" + token).status == 400);
  }
  SECTION("of a deleted folder") {
    simulator::Mailbox& mailbox = small.mailbox();
    const std::string path = small.folder_path("inbox");
    const simulator::Number folder = mailbox.find_child(mailbox.root(), "Invoices")->number;
    const std::string own = small.mailbox_path() + "/folders/" +
                            base::percent_encode(mailbox.folder(folder).id) + "/items/delta";
    const std::string own_link = small.all_pages(own).delta_link;
    mailbox.remove_folder(folder);
    CHECK(small.get(own_link).status == 404);
    CHECK(small.get(own_link).code() == "ErrorItemNotFound");
  }
}

TEST_CASE("folder delta tells of new, renamed, moved and deleted folders", "[simulator]") {
  test::SmallTenant small;
  simulator::Mailbox& mailbox = small.mailbox();
  const auto first = small.all_pages(small.mailbox_path() + "/folders/delta", kSmallPages);
  REQUIRE(first.elements.size() == mailbox.folders().size());
  // The root has no name in delta.
  CHECK(first.elements[0]["displayName"].get<std::string>().empty());

  const simulator::Number invoices = mailbox.find_child(mailbox.root(), "Invoices")->number;
  const std::string id = mailbox.folder(invoices).id;
  const simulator::Number inbox = mailbox.find_folder("inbox")->number;
  const std::string below_inbox = small.folder_path("inbox") + "/childFolders/delta";
  const std::string children_link = small.all_pages(below_inbox).delta_link;

  SECTION("renamed") {
    mailbox.rename_folder(invoices, "Bills");
    const Json entry = only_entry(small, first.delta_link);
    CHECK(entry["id"] == id);
    CHECK(entry["displayName"] == "Bills");
    CHECK(small.all_pages(children_link).elements.empty());
  }
  SECTION("moved: present for the tree, come for the new parent") {
    mailbox.move_folder(invoices, inbox);
    CHECK(only_entry(small, first.delta_link)["parentFolderId"] == mailbox.folder(inbox).id);
    CHECK(only_entry(small, children_link)["id"] == id);
    mailbox.move_folder(invoices, mailbox.root());
    CHECK(only_entry(small, children_link)["@removed"]["reason"] == "changed");
  }
  SECTION("re-created by the same name: another id") {
    mailbox.remove_folder(invoices);
    simulator::FolderPlan plan;
    plan.display_name = "Invoices";
    plan.type = "IPF.Note";
    const simulator::Number again = mailbox.add_folder(mailbox.root(), plan);
    const auto round = small.all_pages(first.delta_link);
    REQUIRE(round.elements.size() == 2);
    CHECK(round.elements[0]["@removed"]["reason"] == "deleted");
    CHECK(round.elements[1]["id"] == mailbox.folder(again).id);
    CHECK(mailbox.folder(again).id != id);
  }
}

TEST_CASE("however late, repeated or empty the pages, rounds lead to the truth", "[simulator]") {
  const auto seed = GENERATE(take(12, random(1, 1'000'000)));
  CAPTURE(seed);
  test::SmallTenant small{test::small_plan(static_cast<std::uint64_t>(seed))};
  {
    auto world = small.tenant().world();
    world->faults.set_rate(Fault::late_delta, 0.5);
    world->faults.set_rate(Fault::repeated_delta, 0.3);
    world->faults.set_rate(Fault::empty_delta_page, 0.3);
  }
  simulator::Mailbox& mailbox = small.mailbox();
  const simulator::Number inbox = mailbox.find_folder("inbox")->number;
  Known known;
  std::string link = small.folder_path("inbox") + "/items/delta";
  for (int day = 0; day < 8; ++day) {
    const auto round = small.all_pages(link, kSmallPages);
    learn(known, round.elements);
    link = round.delta_link;
    simulator::live_one_day(*small.tenant().world(), small.clock().now());
    small.use(simulator::kRestoreClientId);
  }
  small.tenant().world()->faults.clear();  // the last round is on time
  learn(known, small.all_pages(link, kSmallPages).elements);
  CHECK(known == listed(mailbox, inbox));
}

TEST_CASE("item delta takes the documented parameters only", "[simulator]") {
  test::SmallTenant small;
  const std::string target = small.folder_path("inbox") + "/items/delta";
  const auto selected = small.all_pages(target + "?$select=changeKey&$top=3");
  CHECK(selected.pages > 1);
  for (const Json& element : selected.elements) {
    CHECK(element.contains("id"));
    CHECK(element.contains("changeKey"));
    CHECK_FALSE(element.contains("size"));
  }
  CHECK(small.get(target + "?$filter=receivedDateTime%20ge%202026-01-01T00:00:00Z").status == 200);
  CHECK(small.get(target + "?$filter=size%20gt%205").status == 400);
  CHECK(small.get(target + "?$search=x").status == 501);
  CHECK(small.get(target + "?$expand=singleValueExtendedProperties").status == 501);
}
