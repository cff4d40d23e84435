// Mail as a backup store meets it, made from one seed: the same bytes on every machine.
//
// Messages go to several mailboxes; each copy begins with headers of its own, so what the copies
// share lies at shifting offsets. Replies quote what they answer, attachments are sent again, and
// sizes are log-normal with a tail of tens of MB. Bodies and tables compress, pictures and archives
// do not.
#pragma once

#include "src/base/bytes.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

namespace bench {

struct CorpusShape {
  std::uint64_t seed = 1;
  std::uint64_t bytes = std::uint64_t{1} << 30;  // reached or just passed
};

struct CorpusSummary {
  std::uint64_t bytes = 0;
  std::uint64_t streams = 0;
  std::uint64_t messages = 0;
  std::uint64_t mailboxes = 0;
  std::uint64_t largest_bytes = 0;
};

// One call a stream. `mailbox` and `name` are file names.
using OnStream = std::function<void(const std::string& mailbox, const std::string& name,
                                    const base::Bytes& stream)>;
CorpusSummary make_corpus(const CorpusShape& shape, const OnStream& on_stream);

// What a day changes: of all streams so many in a thousand go, or become others that share most
// with what they were; and so many bytes in a thousand come.
struct DayShape {
  std::uint64_t new_permille = 20;
  std::uint64_t changed_permille = 5;
  std::uint64_t deleted_permille = 5;
};

struct DaySummary {
  std::uint64_t bytes = 0;      // of the whole day
  std::uint64_t new_bytes = 0;  // of new and changed streams
  std::uint64_t new_streams = 0, changed_streams = 0, deleted_streams = 0;
};

// The same as files, DIRECTORY/<mailbox>/<name>, and the next day in a directory of its own, in
// which what has not changed is the same file. Error(disk, full) as files go.
struct WrittenCorpus {
  CorpusSummary first;
  DaySummary second;
};
WrittenCorpus write_corpus(const CorpusShape& shape, const DayShape& day,
                           const std::filesystem::path& first, const std::filesystem::path& second);

}  // namespace bench
