// The JSON that brings one stream into a mailbox, made while it is sent.
#pragma once

#include "src/base/bytes.h"
#include "src/graph/mailbox_service.h"
#include "src/http/transport.h"

#include <optional>
#include <string>

namespace graph {

// {"FolderId":..,"Mode":"create"|"update",["ItemId":..,"ChangeKey":..,]"Data":"<base64>"}; keeps
// one block of the stream in memory.
class ImportBody final : public http::BodySource {
 public:
  // The stream outlives the body and is rewound.
  ImportBody(const std::string& folder_id, const std::optional<ImportOver>& over,
             StreamSource& stream);

  [[nodiscard]] std::uint64_t size_bytes() const override;
  // Error(corrupt) when the stream is longer or shorter than it said.
  std::size_t read(base::MutableByteView target) override;
  void rewind() override;

 private:
  void encode_next_block();

  std::string prefix_;
  StreamSource& stream_;
  std::string ready_;  // text made and not yet read
  std::size_t ready_from_ = 0;
  std::uint64_t stream_left_ = 0;
  bool closed_ = false;
};

}  // namespace graph
