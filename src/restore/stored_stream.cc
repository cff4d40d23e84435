#include "src/restore/stored_stream.h"

#include <utility>

namespace restore {

StoredStream::StoredStream(std::unique_ptr<store::ContentReader> reader)
    : reader_(std::move(reader)) {}

std::uint64_t StoredStream::size_bytes() const { return reader_->size_bytes(); }

std::size_t StoredStream::read(base::MutableByteView target) {
  try {
    return reader_->read(target);
  } catch (const base::Error& error) {
    failure_ = error;
    throw;
  }
}

void StoredStream::rewind() { reader_->rewind(); }

}  // namespace restore
