#include "src/base/secret.h"

#include "tests/support/catch.h"

#include <type_traits>
#include <utility>

TEST_CASE("a secret moves and leaves nothing behind", "[base][secret]") {
  static_assert(!std::is_copy_constructible_v<base::Secret>);
  base::Secret first{"swordfish"};
  base::Secret second = std::move(first);
  CHECK(first.empty());
  CHECK(second.text() == "swordfish");
  base::Secret third{"other"};
  third = std::move(second);
  CHECK(second.empty());
  CHECK(third.text() == "swordfish");
  base::Secret& itself = third;
  third = std::move(itself);
  CHECK(third.text() == "swordfish");
}

TEST_CASE("a clone is a secret of its own", "[base][secret]") {
  base::Secret first{"swordfish"};
  const base::Secret second = first.clone();
  first = base::Secret{};
  CHECK(first.empty());
  CHECK(second.text() == "swordfish");
}

TEST_CASE("a secret may have any size", "[base][secret]") {
  const std::size_t size = GENERATE(0U, 1U, 4095U, 4096U, 4097U, 1U << 20);
  const base::Bytes bytes(size, std::byte{0x5a});
  const base::Secret secret{bytes};
  CHECK(secret.empty() == (size == 0));
  CHECK(base::to_bytes(secret.bytes()) == bytes);
}
