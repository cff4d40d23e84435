// An import in all but the sending: for drills.
#pragma once

#include "src/base/digest.h"
#include "src/graph/mailbox_service.h"

#include <cstdint>
#include <stop_token>
#include <string>

namespace graph {

// What the service would have got.
struct RehearsedImport {
  std::uint64_t body_bytes = 0;  // of the request
  std::uint64_t stream_bytes = 0;
  base::Sha256 sha256;  // of the stream
};

// Makes the body of the request that brings the stream into the folder as a new item, the one an
// Importer sends, and takes it apart again as the service would; some blocks of it are in memory.
// Error(protocol) if it would not arrive as what was meant, Error(cancelled) on request, and what
// the stream throws.
RehearsedImport rehearse_import(const std::string& folder_id, StreamSource& stream,
                                std::stop_token stop);

}  // namespace graph
