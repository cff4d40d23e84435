#include "web-status/json.h"

#include "src/base/error.h"
#include "src/base/text.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

namespace web {

namespace {

using Json = nlohmann::json;

// Takes the object's members as they come; what does not fit ends the parsing at once, so nothing
// can be nested deeper than it is read.
class FieldReader final : public nlohmann::json_sax<Json> {
 public:
  Fields fields;
  std::string problem;

  bool null() override { return take(nullptr); }
  bool boolean(bool value) override { return take(value); }
  bool number_integer(number_integer_t) override { return refuse("a negative number"); }
  bool number_unsigned(number_unsigned_t value) override {
    return take(static_cast<std::uint64_t>(value));
  }
  bool number_float(number_float_t, const string_t&) override {
    return refuse("a number that is not whole, or too large");
  }
  bool string(string_t& value) override {
    if (!list_) return take(std::move(value));
    list_->push_back(std::move(value));
    return true;
  }
  bool binary(binary_t&) override { return refuse("binary data"); }
  bool start_object(std::size_t) override {
    if (std::exchange(is_inside_, true)) return refuse("an object in the object");
    return true;
  }
  bool end_object() override { return true; }
  bool key(string_t& name) override {
    const bool is_there =
        std::ranges::find(fields, name, &Fields::value_type::first) != fields.end();
    if (is_there) return refuse(base::text("the member \"", base::printable(name), "\" twice"));
    name_ = std::move(name);
    return true;
  }
  bool start_array(std::size_t) override {
    if (!is_inside_) return refuse("a list");
    if (list_) return refuse("a list in a list");
    list_.emplace();
    return true;
  }
  bool end_array() override {
    std::vector<std::string> list = std::move(*list_);
    list_.reset();
    return take(std::move(list));
  }
  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception&) override {
    if (problem.empty()) problem = base::text("this is no JSON from byte ", position, " on");
    return false;
  }

 private:
  bool take(Field value) {
    if (!is_inside_) return refuse("no object");
    if (list_) return refuse("something that is no string in a list");
    fields.emplace_back(std::move(name_), std::move(value));
    return true;
  }
  bool refuse(const std::string& what) {
    problem = base::text("what was posted must be a flat JSON object, and has ", what);
    return false;
  }

  std::string name_;
  std::optional<std::vector<std::string>> list_;
  bool is_inside_ = false;
};

// Nothing of it is refused: invalid UTF-8 is replaced.
std::string line_of(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

Fields parse_object(std::string_view json) {
  FieldReader reader;
  if (!Json::sax_parse(json.begin(), json.end(), &reader)) {
    throw base::Error{base::ErrorKind::usage, reader.problem};
  }
  return std::move(reader.fields);
}

std::string to_json(const Field& field) {
  return std::visit([](const auto& value) { return line_of(Json(value)); }, field);
}

std::string to_json(const Fields& fields) {
  std::string line;
  for (const auto& [name, value] : fields) {
    line += base::text(line.empty() ? "{" : ",", line_of(Json(name)), ":", to_json(value));
  }
  return line.empty() ? "{}" : line + "}";
}

}  // namespace web
