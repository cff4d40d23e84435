// A scanner for one flat JSON object of strings (and nulls), cut anywhere.
#include "src/base/base64.h"
#include "src/base/text.h"
#include "tests/simulator/import_host.h"
#include "tests/simulator/item_stream.h"
#include "tests/simulator/json.h"

namespace simulator {
namespace {

constexpr std::size_t kLongestText = 4096;

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

}  // namespace

struct ImportScanner::State {
  enum class Expect : std::uint8_t {
    object,
    first_name,
    name,
    in_name,
    colon,
    value,
    in_value,
    in_data,
    in_null,
    comma,
    end,
    failed
  };

  Expect expect = Expect::object;
  std::string token;  // a text with its escapes, or the letters of null
  bool escaped = false;
  std::string name;
  Document document;
  base::Base64Decoder decoder;
  StreamVerifier verifier;
  base::Bytes decoded;
  bool data_malformed = false;

  void take(std::string_view piece) {
    while (!piece.empty() && expect != Expect::failed) {
      if (expect == Expect::in_data) {
        piece.remove_prefix(take_data(piece));
      } else {
        take_one(piece.front());
        piece.remove_prefix(1);
      }
    }
  }

  // Base64 has no escapes but "\/", which some writers use for the slash.
  std::size_t take_data(std::string_view piece) {
    const std::size_t end = std::min(piece.find_first_of("\"\\"), piece.size());
    decoded.clear();
    if (!data_malformed && !decoder.decode(piece.substr(0, end), decoded)) data_malformed = true;
    verifier.receive(decoded);
    if (end == piece.size()) return end;
    if (piece[end] == '"') expect = Expect::comma;
    return end + 1;  // a backslash is dropped; what follows it is data
  }

  void take_one(char c) {
    switch (expect) {
      case Expect::in_name:
      case Expect::in_value:
        return take_text(c);
      case Expect::in_null:
        return take_null(c);
      default:
        break;
    }
    if (is_space(c)) return;
    switch (expect) {
      case Expect::object:
        return advance(c == '{', Expect::first_name);
      case Expect::first_name:
        if (c == '}') return advance(true, Expect::end);
        [[fallthrough]];
      case Expect::name:
        return advance(c == '"', Expect::in_name);
      case Expect::colon:
        return advance(c == ':', Expect::value);
      case Expect::value:
        if (c == 'n') {
          token.assign(1, c);
          return advance(true, Expect::in_null);
        }
        if (c == '"' && name == "Data") {
          if (document.has_data) return advance(false, Expect::failed);
          document.has_data = true;
          return advance(true, Expect::in_data);
        }
        return advance(c == '"', Expect::in_value);
      case Expect::comma:
        if (c == '}') return advance(true, Expect::end);
        return advance(c == ',', Expect::name);
      default:
        return advance(false, Expect::failed);
    }
  }

  void advance(bool fits, Expect next) { expect = fits ? next : Expect::failed; }

  void take_null(char c) {
    token += c;
    if (!std::string_view{"null"}.starts_with(token)) return advance(false, Expect::failed);
    if (token == "null") {
      token.clear();
      expect = Expect::comma;
    }
  }

  void take_text(char c) {
    if (c == '"' && !escaped) {
      const Json text = Json::parse(base::text('"', token, '"'), nullptr, false);
      token.clear();
      if (!text.is_string()) return advance(false, Expect::failed);
      if (expect == Expect::in_name) {
        name = text.get<std::string>();
        expect = Expect::colon;
      } else {
        advance(keep(text.get<std::string>()), Expect::comma);
      }
      return;
    }
    escaped = c == '\\' && !escaped;
    token += c;
    if (token.size() > kLongestText) expect = Expect::failed;
  }

  // False for members that an import does not have.
  bool keep(std::string text) {
    std::optional<std::string>* target = nullptr;
    if (name == "FolderId") target = &document.folder_id;
    if (name == "Mode") target = &document.mode;
    if (name == "ItemId") target = &document.item_id;
    if (name == "ChangeKey") target = &document.change_key;
    if (target == nullptr || target->has_value()) return false;
    *target = std::move(text);
    return true;
  }
};

ImportScanner::ImportScanner() : state_(std::make_unique<State>()) {}
ImportScanner::~ImportScanner() = default;

void ImportScanner::receive(std::string_view piece) { state_->take(piece); }

ImportScanner::Document ImportScanner::finish() {
  Document document = state_->document;
  document.well_formed = state_->expect == State::Expect::end;
  document.stream_bytes = state_->verifier.received_bytes();
  const bool whole = !state_->data_malformed && state_->decoder.complete();
  if (document.has_data && whole) document.recipe = state_->verifier.finish();
  return document;
}

}  // namespace simulator
