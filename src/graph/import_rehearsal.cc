#include "src/graph/import_rehearsal.h"

#include "src/base/bytes.h"
#include "src/base/error.h"
#include "src/graph/import_body.h"
#include "src/graph/import_body_reader.h"

namespace graph {
namespace {

// As much as libcurl asks for at a time.
constexpr std::size_t kPieceBytes = std::size_t{64} << 10;

}  // namespace

RehearsedImport rehearse_import(const std::string& folder_id, StreamSource& stream,
                                std::stop_token stop) {
  ImportBody body{folder_id, std::nullopt, stream};
  const std::uint64_t announced_bytes = body.size_bytes();
  body.rewind();
  ImportBodyReader service;
  RehearsedImport rehearsed;
  base::Bytes piece(kPieceBytes);
  while (const std::size_t size = body.read(piece)) {
    if (stop.stop_requested()) {
      throw base::Error{base::ErrorKind::cancelled, "stopped while an item was rehearsed"};
    }
    rehearsed.body_bytes += size;
    service.take(base::as_text(base::ByteView{piece}.first(size)));
  }
  const ImportBodyReader::Content content = service.finish();
  if (rehearsed.body_bytes != announced_bytes) {
    throw base::Error{base::ErrorKind::protocol,
                      "the body of an import has another length than was announced"};
  }
  if (content.folder_id != folder_id || content.mode != "create") {
    throw base::Error{base::ErrorKind::protocol,
                      "the body of an import names another folder or mode than was meant"};
  }
  rehearsed.stream_bytes = content.stream_bytes;
  rehearsed.sha256 = content.sha256;
  return rehearsed;
}

}  // namespace graph
