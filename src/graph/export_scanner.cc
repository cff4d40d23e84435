#include "src/graph/export_scanner.h"

#include "src/base/text.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace graph {
namespace {

constexpr std::size_t kDeepest = 32;
constexpr std::size_t kLongestKey = 128;
constexpr std::size_t kLongestId = 4096;
constexpr std::size_t kLongestErrorText = 1000;
constexpr std::size_t kLongestLiteral = 64;
// Decoded in blocks that stay in the cache.
constexpr std::size_t kDecodeBlock = 64 * 1024;
constexpr std::uint32_t kReplacement = 0xfffd;

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

bool is_literal_character(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '-' || c == '+' || c == '.' ||
         c == 'E';
}

bool is_number(std::string_view text) {
  std::size_t at = 0;
  const auto digits = [&] {
    const std::size_t start = at;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
    return at > start;
  };
  if (text.starts_with('-')) ++at;
  if (!digits()) return false;
  if (at < text.size() && text[at] == '.') {
    ++at;
    if (!digits()) return false;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    if (!digits()) return false;
  }
  return at == text.size();
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// How much of `text` stands before the next quote or backslash.
std::size_t plain_run(std::string_view text) {
  const void* quote = std::memchr(text.data(), '"', text.size());
  const std::size_t end =
      quote != nullptr ? static_cast<std::size_t>(static_cast<const char*>(quote) - text.data())
                       : text.size();
  const void* backslash = std::memchr(text.data(), '\\', end);
  return backslash != nullptr
             ? static_cast<std::size_t>(static_cast<const char*>(backslash) - text.data())
             : end;
}

}  // namespace

bool ExportScanner::feed(base::ByteView piece) {
  std::string_view text = base::as_text(piece);
  while (!failed_ && !text.empty()) text.remove_prefix(step(text));
  return !failed_;
}

std::size_t ExportScanner::step(std::string_view text) {
  if (state_ == State::text) return escaped_ || hex_left_ > 0 ? step_escape(text) : step_text(text);
  if (state_ == State::literal) return step_literal(text);
  if (!is_blank(text.front())) step_structure(text.front());
  return 1;
}

void ExportScanner::step_structure(char c) {
  switch (state_) {
    case State::first_value:
      if (c == ']') return close(false);
      return begin_value(c);
    case State::value:
      return begin_value(c);
    case State::first_key:
      if (c == '}') return close(true);
      [[fallthrough]];
    case State::key:
      if (c != '"') return fail();
      take_ = Take::key;
      return begin_text();
    case State::colon:
      if (c != ':') return fail();
      state_ = State::value;
      return;
    case State::after_value:
      if (c == '}' || c == ']') return close(c == '}');
      if (c != ',') return fail();
      state_ = containers_.back().is_object ? State::key : State::value;
      return;
    default:
      return fail();  // text after the end
  }
}

void ExportScanner::begin_value(char c) {
  if (c == '{' || c == '[') return open(c == '{');
  if (containers_.empty()) return fail();  // the answer is an object
  const Role role = containers_.back().role;
  if (role == Role::elements) return fail();  // elements are objects
  if (c == '"') {
    take_ = member_ == Member::other || member_ == Member::elements ? Take::nothing
            : member_ == Member::data                               ? Take::data
                                                                    : Take::text;
    return begin_text();
  }
  if (!is_literal_character(c)) return fail();
  literal_.assign(1, c);
  state_ = State::literal;
}

void ExportScanner::begin_text() {
  text_.clear();
  text_too_long_ = false;
  high_surrogate_ = 0;
  state_ = State::text;
  if (take_ != Take::data) return;
  decoder_ = {};
  data_begun_ = false;
}

ExportScanner::Role ExportScanner::child_role(bool is_object) const {
  if (containers_.empty()) return is_object ? Role::root : Role::other;
  const Role parent = containers_.back().role;
  if (parent == Role::root && member_ == Member::elements && !is_object) return Role::elements;
  if (parent == Role::elements && is_object) return Role::element;
  if (parent == Role::element && member_ == Member::error && is_object) return Role::error;
  return Role::other;
}

void ExportScanner::open(bool is_object) {
  const Role role = child_role(is_object);
  const bool misplaced = (containers_.empty() && role != Role::root) ||
                         (!containers_.empty() && containers_.back().role == Role::elements &&
                          role != Role::element) ||
                         (role == Role::elements && seen_elements_);
  if (misplaced || containers_.size() >= kDeepest) return fail();
  if (role == Role::other) take_other_type();
  if (role == Role::elements) seen_elements_ = true;
  if (role == Role::element) {
    element_ = {};
    element_members_.clear();
  }
  if (role == Role::error) element_.has_error = true;
  containers_.push_back({is_object, role});
  member_ = Member::other;
  state_ = is_object ? State::first_key : State::first_value;
}

void ExportScanner::close(bool is_object) {
  if (containers_.empty() || containers_.back().is_object != is_object) return fail();
  const Role role = containers_.back().role;
  containers_.pop_back();
  if (role == Role::element) handler_.end_element(element_);
  if (role == Role::root && !seen_elements_) return fail();  // some other document
  end_value();
}

void ExportScanner::end_value() {
  member_ = Member::other;
  state_ = containers_.empty() ? State::done : State::after_value;
}

std::size_t ExportScanner::step_text(std::string_view text) {
  const std::size_t run = plain_run(text);
  if (run > 0) take_run(text.substr(0, run));
  if (failed_ || run == text.size()) return run;
  if (text[run] == '\\') {
    escaped_ = true;
  } else {
    end_text();
  }
  return run + 1;
}

std::size_t ExportScanner::step_escape(std::string_view text) {
  const char c = text.front();
  if (escaped_) {
    escaped_ = false;
    constexpr std::string_view kEscapes = "\"\\/bfnrt";
    constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
    if (c == 'u') {
      hex_left_ = 4;
      hex_value_ = 0;
    } else if (const std::size_t at = kEscapes.find(c); at != std::string_view::npos) {
      take_run(kMeanings.substr(at, 1));
    } else {
      fail();
    }
    return 1;
  }
  const int digit = hex_digit(c);
  if (digit < 0) {
    fail();
    return 1;
  }
  hex_value_ = hex_value_ * 16 + static_cast<std::uint32_t>(digit);
  if (--hex_left_ == 0) take_code_unit(hex_value_);
  return 1;
}

void ExportScanner::take_code_unit(std::uint32_t unit) {
  const bool is_high = unit >= 0xd800 && unit < 0xdc00;
  const bool is_low = unit >= 0xdc00 && unit < 0xe000;
  if (is_low && high_surrogate_ != 0) {
    const std::uint32_t high = std::exchange(high_surrogate_, 0);
    append_character(0x10000 + ((high - 0xd800) << 10) + (unit - 0xdc00));
    return;
  }
  flush_surrogate();
  if (is_high) {
    high_surrogate_ = unit;
  } else {
    append_character(is_low ? kReplacement : unit);
  }
}

void ExportScanner::append_character(std::uint32_t character) {
  std::array<char, 4> bytes{};
  std::size_t size = 0;
  const auto put = [&](std::uint32_t value) { bytes[size++] = static_cast<char>(value); };
  if (character < 0x80) {
    put(character);
  } else if (character < 0x800) {
    put(0xc0 | (character >> 6));
    put(0x80 | (character & 0x3f));
  } else if (character < 0x10000) {
    put(0xe0 | (character >> 12));
    put(0x80 | ((character >> 6) & 0x3f));
    put(0x80 | (character & 0x3f));
  } else {
    put(0xf0 | (character >> 18));
    put(0x80 | ((character >> 12) & 0x3f));
    put(0x80 | ((character >> 6) & 0x3f));
    put(0x80 | (character & 0x3f));
  }
  take_run({bytes.data(), size});
}

// The first half of a pair that did not come.
void ExportScanner::flush_surrogate() {
  if (std::exchange(high_surrogate_, 0) != 0) append_character(kReplacement);
}

void ExportScanner::take_run(std::string_view run) {
  flush_surrogate();
  if (take_ == Take::data) return take_data(run);
  if (take_ == Take::nothing) return;
  const std::size_t longest = take_ == Take::key ? kLongestKey : kLongestId;
  const std::size_t room = longest - text_.size();
  if (run.size() > room) text_too_long_ = true;
  text_.append(run.substr(0, room));
}

void ExportScanner::take_data(std::string_view run) {
  while (!run.empty() && element_.data != ExportElement::Data::damaged) {
    const std::string_view block = run.substr(0, kDecodeBlock);
    run.remove_prefix(block.size());
    decoded_.clear();
    if (!decoder_.decode(block, decoded_)) {
      element_.data = ExportElement::Data::damaged;
      return;
    }
    if (decoded_.empty()) continue;
    if (!data_begun_) {
      data_begun_ = true;
      data_wanted_ = handler_.begin_data(element_.item_id);
    }
    if (data_wanted_) handler_.data(decoded_);
  }
}

void ExportScanner::end_text() {
  flush_surrogate();
  if (take_ == Take::key) return end_key();
  using Data = ExportElement::Data;
  switch (member_) {
    case Member::item_id:
      set_member(element_.item_id, kLongestId);
      break;
    case Member::change_key:
      set_member(element_.change_key, kLongestId);
      break;
    case Member::code:
      set_member(element_.error_code, kLongestErrorText);
      break;
    case Member::message:
      set_member(element_.error_message, kLongestErrorText);
      break;
    case Member::error:
      element_.has_error = true;
      set_member(element_.error_message, kLongestErrorText);
      break;
    case Member::data:
      if (element_.data == Data::damaged) break;
      if (!decoder_.complete()) {
        element_.data = Data::damaged;
      } else if (data_begun_) {
        element_.data = Data::whole;
      }
      break;
    case Member::other:
    case Member::elements:
      break;
  }
  end_value();
}

// Ids that are cut would name something else; error texts may be.
void ExportScanner::set_member(std::string& member, std::size_t longest) {
  const bool is_id = member_ == Member::item_id || member_ == Member::change_key;
  if (is_id && text_too_long_) return fail();
  member = text_.substr(0, longest);
}

void ExportScanner::end_key() {
  state_ = State::colon;
  member_ = Member::other;
  const auto is = [&](std::string_view name) {
    return !text_too_long_ && base::equals_ignoring_case(text_, name);
  };
  switch (containers_.back().role) {
    case Role::root:
      if (is("value")) member_ = Member::elements;
      return;
    case Role::error:
      if (is("code")) member_ = Member::code;
      if (is("message")) member_ = Member::message;
      return;
    case Role::element:
      break;
    default:
      return;
  }
  if (is("itemId")) member_ = Member::item_id;
  if (is("changeKey")) member_ = Member::change_key;
  if (is("data")) member_ = Member::data;
  if (is("error")) member_ = Member::error;
  if (member_ == Member::other) return;
  if (std::find(element_members_.begin(), element_members_.end(), member_) !=
      element_members_.end()) {
    element_.data = ExportElement::Data::damaged;  // which of the two is meant nobody knows
    member_ = Member::other;
    return;
  }
  element_members_.push_back(member_);
}

std::size_t ExportScanner::step_literal(std::string_view text) {
  const auto* end = std::find_if_not(text.begin(), text.end(), is_literal_character);
  const auto size = static_cast<std::size_t>(end - text.begin());
  if (literal_.size() + size > kLongestLiteral) {
    fail();
    return text.size();
  }
  literal_.append(text.substr(0, size));
  if (size < text.size()) end_literal();
  return size;
}

void ExportScanner::end_literal() {
  const bool is_null = literal_ == "null";
  if (!is_null && literal_ != "true" && literal_ != "false" && !is_number(literal_)) return fail();
  if (!is_null) take_other_type();
  end_value();
}

// A member of ours has a type that it cannot have.
void ExportScanner::take_other_type() {
  if (member_ == Member::error) element_.has_error = true;
  if (member_ == Member::item_id || member_ == Member::change_key || member_ == Member::data) {
    element_.data = ExportElement::Data::damaged;
  }
}

}  // namespace graph
