// A text that is too long to be held at once.
#pragma once

#include <functional>
#include <optional>
#include <string>

namespace web {

// Gives pieces of a text until it is empty. Used by one thread at a time, not always the same.
using TextSource = std::function<std::optional<std::string>()>;

}  // namespace web
