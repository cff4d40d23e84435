#include "src/graph/import_rehearsal.h"

#include "src/base/error.h"
#include "src/base/text.h"
#include "src/graph/import_body_reader.h"
#include "tests/support/catch.h"
#include "tests/unit/graph/scripted_tenant.h"

#include <algorithm>
#include <cstring>
#include <vector>

namespace {

std::string bytes_of(std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * 11 + 5);
  return bytes;
}

class Stream final : public graph::StreamSource {
 public:
  explicit Stream(std::string bytes) : bytes_(std::move(bytes)) {}
  [[nodiscard]] std::uint64_t size_bytes() const override { return bytes_.size(); }
  std::size_t read(base::MutableByteView target) override {
    const std::size_t size = std::min({target.size(), bytes_.size() - position_, std::size_t{999}});
    std::memcpy(target.data(), bytes_.data() + position_, size);
    position_ += size;
    return size;
  }
  void rewind() override { position_ = 0; }

 private:
  std::string bytes_;
  std::size_t position_ = 0;
};

graph::ImportBodyReader::Content taken(const std::string& body, std::size_t piece) {
  graph::ImportBodyReader reader;
  for (std::size_t from = 0; from < body.size(); from += piece) {
    reader.take(std::string_view{body}.substr(from, piece));
  }
  return reader.finish();
}

}  // namespace

TEST_CASE("a rehearsed import carries the stream, whatever its size", "[graph][drill]") {
  const auto size = GENERATE(std::size_t{0}, std::size_t{1}, std::size_t{2}, std::size_t{3},
                             std::size_t{49'151}, std::size_t{49'152}, std::size_t{300'001});
  CAPTURE(size);
  Stream stream{bytes_of(size)};
  const graph::RehearsedImport rehearsed = graph::rehearse_import("folder \"1\"", stream, {});
  CHECK(rehearsed.stream_bytes == size);
  CHECK(rehearsed.sha256 == base::sha256(base::as_bytes(bytes_of(size))));
  CHECK(rehearsed.body_bytes > (size + 2) / 3 * 4);
}

TEST_CASE("what is rehearsed is what an import sends", "[graph][drill]") {
  test::ScriptedTenant it;
  it.transport.answer(
      {.body = R"({"importUrl":"https://outlook.office365.com/api/gv1.0/importItem?t=s"})"});
  it.transport.answer({.body = R"({"itemId":"new","changeKey":"k"})"});
  Stream sent{bytes_of(120'000)};
  static_cast<void>(it.service().import_unit(it.mailbox, "folder", sent, std::nullopt, {}));
  Stream rehearsed_stream{bytes_of(120'000)};
  const graph::RehearsedImport rehearsed = graph::rehearse_import("folder", rehearsed_stream, {});
  const std::string body = it.transport.requests().at(1).body;
  CHECK(body.size() == rehearsed.body_bytes);
  const auto content = taken(body, 1000);
  CHECK(content.folder_id == "folder");
  CHECK(content.mode == "create");
  CHECK(content.stream_bytes == rehearsed.stream_bytes);
  CHECK(content.sha256 == rehearsed.sha256);
}

TEST_CASE("the body of an import is read the same, cut anywhere", "[graph][drill]") {
  const std::string body =
      R"({"FolderId":"a\"Data\":\"b","Mode":"create","Data":"aGVsbG8gd29ybGQ="})";
  for (std::size_t piece = 1; piece <= body.size(); ++piece) {
    CAPTURE(piece);
    const auto content = taken(body, piece);
    CHECK(content.folder_id == R"(a"Data":"b)");
    CHECK(content.mode == "create");
    CHECK(content.stream_bytes == 11);
    CHECK(content.sha256 == base::sha256(base::as_bytes("hello world")));
  }
}

TEST_CASE("what the service could not read is no body of an import", "[graph][drill]") {
  struct Row {
    const char* what;
    std::string body;
  };
  const std::vector<Row> table{
      {"nothing", ""},
      {"cut before the data", R"({"FolderId":"f","Mode":"create")"},
      {"cut in the data", R"({"FolderId":"f","Mode":"create","Data":"aGVsb)"},
      {"cut behind whole quads", R"({"FolderId":"f","Mode":"create","Data":"aGVs)"},
      {"cut before the last brace", R"({"FolderId":"f","Mode":"create","Data":"aGVs")"},
      {"no padding", R"({"FolderId":"f","Mode":"create","Data":"aGVsbG8"})"},
      {"a character that is none", R"({"FolderId":"f","Mode":"create","Data":"aG#s"})"},
      {"another brace", R"({"FolderId":"f","Mode":"create","Data":"aGVs"}})"},
      {"a member behind the data", R"({"FolderId":"f","Mode":"create","Data":"aGVs","a":1})"},
      {"fields that are no JSON", R"({"FolderId":f,"Mode":"create","Data":"aGVs"})"},
      {"no folder", R"({"Mode":"create","Data":"aGVs"})"},
      {"fields without an end", std::string(70'000, 'x')},
  };
  for (const Row& row : table) {
    CAPTURE(row.what);
    CHECK(test::error_of([&] { taken(row.body, 7); }).first == base::ErrorKind::protocol);
  }
}

TEST_CASE("a rehearsal can be stopped in the middle of an item", "[graph][drill]") {
  std::stop_source source;
  source.request_stop();
  Stream stream{bytes_of(100)};
  CHECK(test::error_of([&] { graph::rehearse_import("f", stream, source.get_token()); }).first ==
        base::ErrorKind::cancelled);
}
