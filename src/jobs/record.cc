#include "src/jobs/record.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <type_traits>

namespace jobs {
namespace {

using Json = nlohmann::ordered_json;

Json translate(const Record& record);

Json translate(const Value& value) {
  return std::visit(
      [](const auto& content) -> Json {
        using Content = std::decay_t<decltype(content)>;
        if constexpr (std::is_same_v<Content, Value::List>) {
          Json list = Json::array();
          for (const Value& element : content) list.push_back(translate(element));
          return list;
        } else if constexpr (std::is_same_v<Content, Record>) {
          return translate(content);
        } else {
          return Json(content);
        }
      },
      value.content());
}

Json translate(const Record& record) {
  Json object = Json::object();
  for (const auto& [name, value] : record.fields()) object[name] = translate(value);
  return object;
}

}  // namespace

Record::Record(std::initializer_list<Field> fields) : fields_(fields) {}

Record& Record::set(std::string_view name, Value value) {
  const auto same_name = [&](const Field& field) { return field.first == name; };
  const auto found = std::find_if(fields_.begin(), fields_.end(), same_name);
  if (found == fields_.end()) {
    fields_.emplace_back(name, std::move(value));
  } else {
    found->second = std::move(value);
  }
  return *this;
}

const Value* Record::find(std::string_view name) const {
  const auto same_name = [&](const Field& field) { return field.first == name; };
  const auto found = std::find_if(fields_.begin(), fields_.end(), same_name);
  return found == fields_.end() ? nullptr : &found->second;
}

Value text_or_null(std::string_view text) { return text.empty() ? Value{} : Value{text}; }

std::string to_json(const Record& record) {
  return translate(record).dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace jobs
