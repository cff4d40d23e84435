// The calls with which a process changes files, in one total order.
//
// A trace is a sequence of events without anything around them, little-endian: a head of 48 bytes,
// the path, the second path, and for a write its data. call_trace.py reads it.
#pragma once

#include <cstdint>
#include <string>
#include <sys/uio.h>
#include <vector>

namespace power_cut {

enum class Kind : std::uint8_t {
  create = 1,    // path (empty: a file without a name), inode
  write = 2,     // inode, offset, length, data
  truncate = 3,  // inode, length
  allocate = 4,  // inode, offset, length, flags: mode of fallocate
  rename = 5,    // path, second path
  link = 6,      // inode, path
  unlink = 7,    // path
  make_directory = 8,
  remove_directory = 9,
  sync = 10,        // inode of a file or a directory; flags: 1 = data only
  sync_range = 11,  // inode; promises nothing
  sync_all = 12,
};

struct Event {
  Kind kind;
  std::uint32_t flags = 0;
  std::uint64_t inode = 0;
  std::uint64_t offset = 0;
  std::uint64_t length_bytes = 0;
  std::string path = {};
  std::string second_path = {};
  std::vector<iovec> data = {};  // at least as long as `length_bytes` if it is a write
};

// Ends the process: what cannot be recorded must not look as if it had not happened.
[[noreturn]] void refuse(const std::string& why);

// Not for several threads at once. Each event is in the file when `append` returns.
class Trace {
 public:
  // Made if it is missing, continued if it is there.
  explicit Trace(const char* path);

  // `printed_bytes`: what the process had written to its standard output before the call.
  void append(const Event& event, std::uint64_t printed_bytes) const;

 private:
  int descriptor_;
};

}  // namespace power_cut
