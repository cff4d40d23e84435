#include "src/backup/notes.h"

#include "tests/support/catch.h"

namespace {

using backup::MailboxNotes;

MailboxNotes some_notes() {
  MailboxNotes notes;
  notes.user_id = "user";
  notes.purpose_seen = base::from_milliseconds(1'775'000'000'123);
  notes.cursors_taken = base::from_milliseconds(1'775'000'000'456);
  notes.listed_whole = base::from_milliseconds(1'774'000'000'789);
  notes.folder_cursor = graph::Cursor{"https://graph/folders/delta?token"};
  notes.folders["inbox"] = {graph::Cursor{"cursor"}, 1'000'000, 2};
  notes.folders["empty"] = {};
  notes.skipped_folders["search"] = {"search",        "root", "Searches", "IPF.Note",
                                     "searchfolders", true,   true};
  backup::RetryItem retry;
  retry.item = {"poison", "key", "IPM.Note", base::from_milliseconds(5), std::nullopt, 77};
  retry.attempts = 300;
  retry.code = "ErrorCorruptData";
  notes.retry["inbox"]["poison"] = retry;
  return notes;
}

}  // namespace

TEST_CASE("notes come back as they were written", "[backup]") {
  const MailboxNotes notes = some_notes();
  const auto read = backup::decode(backup::encode(notes));
  REQUIRE(read);
  CHECK(read->user_id == notes.user_id);
  CHECK(read->purpose_seen == notes.purpose_seen);
  CHECK(read->cursors_taken == notes.cursors_taken);
  CHECK(read->listed_whole == notes.listed_whole);
  CHECK(read->folder_cursor->value == notes.folder_cursor->value);
  CHECK(read->folders == notes.folders);
  CHECK(read->skipped_folders.at("search").is_search_folder);
  CHECK(read->skipped_folders.at("search").well_known_name == "searchfolders");
  const backup::RetryItem& retry = read->retry.at("inbox").at("poison");
  CHECK(retry.item.change_key == "key");
  CHECK(retry.item.created == base::from_milliseconds(5));
  CHECK_FALSE(retry.item.modified);
  CHECK(retry.item.size_bytes == 77);
  CHECK(retry.attempts == 300);
  CHECK(retry.code == "ErrorCorruptData");
  CHECK(backup::encode(*read) == backup::encode(notes));
}

TEST_CASE("notes are compared without their cursors", "[backup]") {
  const MailboxNotes notes = some_notes();
  MailboxNotes others = notes;
  others.cursors_taken += std::chrono::hours{24};
  others.folder_cursor = graph::Cursor{"another"};
  others.folders["inbox"].cursor = graph::Cursor{"another one"};
  CHECK(backup::same_but_for_cursors(notes, others));
  SECTION("a cursor is gone") { others.folders["inbox"].cursor.reset(); }
  SECTION("a cursor has come") { others.folders["empty"].cursor = graph::Cursor{"new"}; }
  SECTION("the folders' cursor is gone") { others.folder_cursor.reset(); }
  SECTION("another number of items") { ++others.folders["inbox"].items; }
  SECTION("one more folder") { others.folders["new"] = {}; }
  SECTION("an item to try again") { ++others.retry["inbox"]["poison"].attempts; }
  SECTION("another account") { others.user_id = "other"; }
  CHECK_FALSE(backup::same_but_for_cursors(notes, others));
  CHECK_FALSE(backup::same_but_for_cursors(others, notes));
}

TEST_CASE("notes cut anywhere are no notes", "[backup]") {
  const base::Bytes whole = backup::encode(some_notes());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CAPTURE(size);
    CHECK_FALSE(backup::decode(base::ByteView{whole}.first(size)));
  }
}

TEST_CASE("notes followed by anything are no notes", "[backup]") {
  base::Bytes longer = backup::encode(some_notes());
  longer.push_back(std::byte{0});
  CHECK_FALSE(backup::decode(longer));
}

TEST_CASE("notes of another version are no notes", "[backup]") {
  base::Bytes newer = backup::encode(some_notes());
  newer.at(13) = std::byte{4};
  CHECK_FALSE(backup::decode(newer));
}

TEST_CASE("a changed byte never reads past the end", "[backup]") {
  const base::Bytes whole = backup::encode(some_notes());
  for (std::size_t i = 0; i < whole.size(); ++i) {
    for (const int change : {0x01, 0x80, 0xFF}) {
      base::Bytes altered = whole;
      altered[i] ^= static_cast<std::byte>(change);
      const auto read = backup::decode(altered);
      if (read) CHECK(backup::encode(*read).size() <= altered.size() + 20);
    }
  }
}
