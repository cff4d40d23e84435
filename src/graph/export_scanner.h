// Reads the answer of exportItems as it arrives, in pieces cut anywhere: streams are decoded and
// handed on at once, and nothing but ids and error texts is kept, all of it bounded.
#pragma once

#include "src/base/base64.h"
#include "src/base/bytes.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace graph {

// One element of the answer, at its end.
struct ExportElement {
  enum class Data : std::uint8_t {
    none,     // absent, null or empty
    whole,    // all of it went through data()
    damaged,  // not base64, or the element contradicts itself: what went through data() is void
  };
  std::string item_id;  // empty if the element had none
  std::string change_key;
  Data data = Data::none;
  bool has_error = false;
  std::string error_code;     // bounded, as it came
  std::string error_message;  // bounded, as it came
};

// Takes what the scanner finds. What it throws leaves feed(), after which the scanner is of no use.
class ExportHandler {
 public:
  virtual ~ExportHandler() = default;

  // The element's stream is about to begin. `item_id` is empty if its name has not come yet. False:
  // this data is not wanted.
  virtual bool begin_data(const std::string& item_id) = 0;
  virtual void data(base::ByteView piece) = 0;
  // Once for each element, whether it had data or not.
  virtual void end_element(const ExportElement& element) = 0;
};

// Members may come in any order and with any others between them; names are matched without regard
// to case. Not thread-safe.
class ExportScanner {
 public:
  explicit ExportScanner(ExportHandler& handler) : handler_(handler) {}

  // False once the text cannot be such an answer any more: an element that had begun is void,
  // without end_element().
  [[nodiscard]] bool feed(base::ByteView piece);
  // Whether the answer may end here. An answer that ends elsewhere was cut.
  [[nodiscard]] bool complete() const { return state_ == State::done && !failed_; }

 private:
  enum class State : std::uint8_t {
    value,        // of a member or an element
    first_value,  // the same, or the end of an empty array
    key,          // of a member
    first_key,    // the same, or the end of an empty object
    colon,
    text,         // inside a string
    literal,      // inside a number, true, false or null
    after_value,  // a comma or an end
    done,
  };
  // What a container is to us, and what a member of it is.
  enum class Role : std::uint8_t { root, elements, element, error, other };
  enum class Member : std::uint8_t {
    other,
    elements,
    item_id,
    change_key,
    data,
    error,
    code,
    message
  };
  enum class Take : std::uint8_t { nothing, key, text, data };

  struct Container {
    bool is_object;
    Role role;
  };

  // Each takes some of the front of `text` and returns how many bytes.
  std::size_t step(std::string_view text);
  std::size_t step_text(std::string_view text);
  std::size_t step_escape(std::string_view text);
  std::size_t step_literal(std::string_view text);
  void step_structure(char c);
  void begin_value(char c);
  void begin_text();
  void open(bool is_object);
  void close(bool is_object);
  void end_text();
  void end_literal();
  void end_value();
  void end_key();
  void take_run(std::string_view run);
  void take_data(std::string_view run);
  void take_code_unit(std::uint32_t unit);
  void flush_surrogate();
  void append_character(std::uint32_t character);
  void set_member(std::string& member, std::size_t longest);
  void take_other_type();
  [[nodiscard]] Role child_role(bool is_object) const;
  void fail() { failed_ = true; }

  ExportHandler& handler_;
  State state_ = State::value;
  bool failed_ = false;
  std::vector<Container> containers_;
  Member member_ = Member::other;
  bool seen_elements_ = false;

  Take take_ = Take::nothing;
  std::string text_;  // a key, or a member's text
  bool text_too_long_ = false;
  bool escaped_ = false;   // the last byte was a backslash
  unsigned hex_left_ = 0;  // digits of a \u escape to come
  std::uint32_t hex_value_ = 0;
  std::uint32_t high_surrogate_ = 0;
  std::string literal_;

  ExportElement element_;
  std::vector<Member> element_members_;  // those seen, to notice repetitions
  bool data_begun_ = false;
  bool data_wanted_ = false;
  base::Base64Decoder decoder_;
  base::Bytes decoded_;
};

}  // namespace graph
