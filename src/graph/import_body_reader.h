// Takes the JSON of an import apart, as the service would, and tells what stream it carries. Knows
// nothing of how it was made: what one of the two gets wrong, the other shows.
#pragma once

#include "src/base/base64.h"
#include "src/base/bytes.h"
#include "src/base/digest.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace graph {

// Keeps the fields before the data, and the piece it is at. Used by one thread.
class ImportBodyReader {
 public:
  struct Content {
    std::string folder_id;
    std::string mode;
    std::uint64_t stream_bytes = 0;
    base::Sha256 sha256;  // of the stream
  };

  // Takes the next piece, cut anywhere. Error(protocol) once it cannot be the JSON of an import.
  void take(std::string_view piece);
  // Error(protocol) unless all of it was taken. To be called once.
  Content finish();

 private:
  // Each gives what it leaves of the piece.
  std::string_view take_fields(std::string_view piece);
  std::string_view take_data(std::string_view piece);

  std::string fields_;  // up to the quote that opens the data
  bool in_data_ = false;
  std::string end_;  // from the quote that closes the data
  base::Base64Decoder decoder_;
  base::Bytes decoded_;
  base::Sha256Stream digest_;
  std::uint64_t stream_bytes_ = 0;
};

}  // namespace graph
