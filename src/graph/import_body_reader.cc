#include "src/graph/import_body_reader.h"

#include "src/base/error.h"
#include "src/graph/json.h"

namespace graph {
namespace {

// Stands in no text of JSON: a quote inside one has a backslash before it.
constexpr std::string_view kDataFollows = "\"Data\":\"";
constexpr std::string_view kEnd = "\"}";
// Ids have some hundred characters.
constexpr std::size_t kLongestFields = std::size_t{64} << 10;

[[noreturn]] void refuse(const char* why) { throw base::Error{base::ErrorKind::protocol, why}; }

}  // namespace

std::string_view ImportBodyReader::take_fields(std::string_view piece) {
  const std::size_t before = fields_.size();
  fields_ += piece.substr(0, kLongestFields);
  const std::size_t found = fields_.find(kDataFollows);
  if (found == std::string::npos) {
    if (fields_.size() >= kLongestFields) refuse("the body of an import has no data");
    return {};
  }
  fields_.resize(found + kDataFollows.size());
  in_data_ = true;
  return piece.substr(fields_.size() - before);
}

std::string_view ImportBodyReader::take_data(std::string_view piece) {
  const std::size_t closing = piece.find('"');
  decoded_.clear();
  if (!decoder_.decode(piece.substr(0, closing), decoded_)) {
    refuse("the data of an import is no base64");
  }
  digest_.update(decoded_);
  stream_bytes_ += decoded_.size();
  return closing == std::string_view::npos ? std::string_view{} : piece.substr(closing);
}

void ImportBodyReader::take(std::string_view piece) {
  if (!in_data_) piece = take_fields(piece);
  if (in_data_ && end_.empty()) piece = take_data(piece);
  if (piece.size() > kEnd.size() - end_.size())
    refuse("the body of an import goes on past its end");
  end_ += piece;
}

ImportBodyReader::Content ImportBodyReader::finish() {
  if (end_ != kEnd || !decoder_.complete()) refuse("the body of an import ends too early");
  const Json fields = Json::parse(fields_ + end_);
  Content content;
  content.folder_id = fields.required_text("FolderId");
  content.mode = fields.required_text("Mode");
  content.stream_bytes = stream_bytes_;
  content.sha256 = digest_.finish();
  return content;
}

}  // namespace graph
