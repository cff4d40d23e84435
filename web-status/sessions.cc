#include "web-status/sessions.h"

#include "src/base/base64.h"
#include "src/base/bytes.h"
#include "src/base/random.h"

#include <algorithm>
#include <array>

namespace web {

namespace {

base::Sha256 key_of(std::string_view id) { return base::sha256(base::as_bytes(id)); }

}  // namespace

std::string new_token() {
  std::array<std::byte, 32> random{};
  base::fill_random(random);
  return base::base64url_encode(random);
}

bool are_equal_tokens(std::string_view left, std::string_view right) {
  return key_of(left) == key_of(right);
}

bool Sessions::is_over(const Kept& kept) const {
  const base::Duration now = clock_.monotonic();
  return now - kept.opened >= limits_.absolute || now - kept.used >= limits_.idle;
}

Sessions::Opened Sessions::open(const std::string& account, const base::Sha256& seal) {
  Opened opened{new_token(), {account, seal, new_token()}};
  const base::Duration now = clock_.monotonic();
  auto kept = kept_.lock();
  std::erase_if(*kept, [this](const auto& entry) { return is_over(entry.second); });
  if (kept->size() >= limits_.sessions) {
    kept->erase(
        std::ranges::min_element(*kept, {}, [](const auto& entry) { return entry.second.used; }));
  }
  kept->emplace(key_of(opened.id), Kept{opened.session, now, now});
  return opened;
}

std::optional<Session> Sessions::use(std::string_view id) {
  auto kept = kept_.lock();
  const auto found = kept->find(key_of(id));
  if (found == kept->end()) return std::nullopt;
  if (is_over(found->second)) {
    kept->erase(found);
    return std::nullopt;
  }
  found->second.used = clock_.monotonic();
  return found->second.session;
}

std::optional<Session> Sessions::peek(std::string_view id) const {
  auto kept = kept_.lock();
  const auto found = kept->find(key_of(id));
  if (found == kept->end() || is_over(found->second)) return std::nullopt;
  return found->second.session;
}

void Sessions::close(std::string_view id) { kept_.lock()->erase(key_of(id)); }

}  // namespace web
