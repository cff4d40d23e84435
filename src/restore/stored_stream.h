// A stored stream on its way to the service.
#pragma once

#include "src/base/error.h"
#include "src/graph/mailbox_service.h"
#include "store/content.h"

#include <cstdint>
#include <memory>
#include <optional>

namespace restore {

// Remembers what the store said, whatever the service makes of it. Used by one thread.
class StoredStream final : public graph::StreamSource {
 public:
  explicit StoredStream(std::unique_ptr<store::ContentReader> reader);

  [[nodiscard]] std::uint64_t size_bytes() const override;
  std::size_t read(base::MutableByteView target) override;
  void rewind() override;

  // The last error of the store.
  [[nodiscard]] const std::optional<base::Error>& failure() const { return failure_; }

 private:
  std::unique_ptr<store::ContentReader> reader_;
  std::optional<base::Error> failure_;
};

}  // namespace restore
