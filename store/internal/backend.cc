#include "store/backend.h"

#include "src/base/error.h"
#include "src/base/text.h"

namespace store {

std::set<std::string> Backend::occupants() const {
  std::set<std::string> names;
  list("", [&](const std::string& name, std::uint64_t) {
    names.insert(name.substr(0, name.find('/')));
  });
  return names;
}

void Backend::keep_copy(std::string_view name, std::string_view copy) {
  const std::optional<std::uint64_t> size = size_bytes(name);
  if (!size) throw base::Error{base::ErrorKind::not_found, base::text("there is no ", name)};
  const base::Bytes whole = read(name, 0, static_cast<std::size_t>(*size));
  const base::ByteView view = whole;
  put_if_absent(copy, {&view, 1});
}

}  // namespace store
