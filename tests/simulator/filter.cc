#include "tests/simulator/filter.h"

#include "src/base/clock.h"
#include "src/base/text.h"
#include "tests/simulator/refusal.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace simulator {
namespace {

constexpr std::array<std::string_view, 6> kOperations = {"eq", "ne", "gt", "ge", "lt", "le"};

[[noreturn]] void refuse(std::string_view text) {
  throw Refusal{400, "invalidRequest", base::text("Invalid filter clause: ", text)};
}

// Words, quoted literals (a doubled quote is a quote) and single punctuation marks.
std::vector<std::string> tokens_of(std::string_view text) {
  std::vector<std::string> tokens;
  std::size_t i = 0;
  while (i < text.size()) {
    if (text[i] == ' ') {
      ++i;
    } else if (text[i] == '\'') {
      std::string literal = "'";
      for (++i;; ++i) {
        if (i >= text.size()) refuse(text);
        if (text[i] == '\'' && (i + 1 >= text.size() || text[i + 1] != '\'')) break;
        if (text[i] == '\'') ++i;
        literal += text[i];
      }
      ++i;
      tokens.push_back(literal);
    } else if (text[i] == '(' || text[i] == ')' || text[i] == ',') {
      tokens.emplace_back(1, text[i++]);
    } else {
      const std::size_t end = std::min(text.find_first_of(" '(),", i), text.size());
      tokens.emplace_back(text.substr(i, end - i));
      i = end;
    }
  }
  return tokens;
}

std::string unquoted(const std::string& token) {
  return token.starts_with('\'') ? token.substr(1) : token;
}

// Below, equal or above zero; times are compared as times, numbers as numbers.
int compare(const Json& value, const std::string& literal) {
  if (value.is_number()) {
    std::int64_t number = 0;
    std::from_chars(literal.data(), literal.data() + literal.size(), number);
    const auto own = value.get<std::int64_t>();
    return own < number ? -1 : own > number ? 1 : 0;
  }
  if (value.is_boolean()) return value.get<bool>() == (literal == "true") ? 0 : 1;
  if (value.is_null()) return literal == "null" ? 0 : 1;
  const std::string own = value.is_string() ? value.get<std::string>() : value.dump();
  const auto own_time = base::parse_rfc3339(own);
  const auto other_time = base::parse_rfc3339(literal);
  if (own_time && other_time) {
    return *own_time < *other_time ? -1 : *own_time > *other_time ? 1 : 0;
  }
  return base::to_lower(own).compare(base::to_lower(literal));
}

}  // namespace

Filter::Filter(std::string_view text, const std::vector<std::string_view>& fields) {
  const std::vector<std::string> tokens = tokens_of(text);
  std::size_t i = 0;
  const auto next = [&]() -> const std::string& {
    if (i >= tokens.size()) refuse(text);
    return tokens[i++];
  };
  const auto expect = [&](std::string_view token) {
    if (next() != token) refuse(text);
  };
  while (true) {
    Comparison comparison;
    const std::string first = base::to_lower(next());
    if (first == "startswith" || first == "endswith") {
      comparison.operation = first;
      expect("(");
      comparison.field = next();
      expect(",");
      comparison.literal = unquoted(next());
      expect(")");
    } else {
      comparison.field = tokens[i - 1];
      comparison.operation = next();
      comparison.literal = unquoted(next());
      if (std::find(kOperations.begin(), kOperations.end(), comparison.operation) ==
          kOperations.end()) {
        refuse(text);
      }
    }
    if (std::find(fields.begin(), fields.end(), comparison.field) == fields.end()) refuse(text);
    comparisons_.push_back(std::move(comparison));
    if (i == tokens.size()) return;
    expect("and");
  }
}

bool Filter::matches(const Json& resource) const {
  return std::all_of(comparisons_.begin(), comparisons_.end(), [&](const Comparison& comparison) {
    const Json value = resource.value(comparison.field, Json{});
    const std::string own = base::to_lower(value.is_string() ? value.get<std::string>() : "");
    const std::string literal = base::to_lower(comparison.literal);
    if (comparison.operation == "startswith") return own.starts_with(literal);
    if (comparison.operation == "endswith") return own.ends_with(literal);
    const int order = compare(value, comparison.literal);
    if (comparison.operation == "eq") return order == 0;
    if (comparison.operation == "ne") return order != 0;
    if (comparison.operation == "gt") return order > 0;
    if (comparison.operation == "ge") return order >= 0;
    if (comparison.operation == "lt") return order < 0;
    return order <= 0;
  });
}

bool Filter::needs_advanced_query() const {
  return std::any_of(comparisons_.begin(), comparisons_.end(), [](const Comparison& comparison) {
    return comparison.operation == "ne" || comparison.operation == "endswith";
  });
}

}  // namespace simulator
