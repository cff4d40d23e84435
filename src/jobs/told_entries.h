// What a job told, one after the other, as its output file holds it: each entry with its length and
// a check of its bytes, so that an end that was cut is seen.
#pragma once

#include "src/base/bytes.h"
#include "src/base/file.h"
#include "src/jobs/told.h"

#include <cstdint>
#include <filesystem>
#include <functional>

namespace jobs {

// Error(failed) if it is longer than an entry may be.
base::Bytes encode_entry(const Told& told);

// Returns false to stop reading behind it.
using OnTold = std::function<bool(const Told&)>;

// Reads the whole entries from `offset` on that end at or before `limit`; gives the end of the last
// one, which is `offset` if there is none. Error(disk), Error(corrupt) for one that is whole and
// says nothing this program knows.
std::uint64_t read_entries(const base::FileHandle& file, const std::filesystem::path& path,
                           std::uint64_t offset, std::uint64_t limit, const OnTold& on_told);
// The same of bytes in memory; the offset is one into them.
std::uint64_t read_entries(base::ByteView bytes, std::uint64_t offset, const OnTold& on_told);
// Where the whole entries of a file end.
std::uint64_t end_of_entries(const base::FileHandle& file, const std::filesystem::path& path);

}  // namespace jobs
