// One thing that a job told, and its form in files and on the control socket.
#pragma once

#include "src/base/bytes.h"
#include "src/jobs/record.h"

#include <cstdint>
#include <optional>
#include <string>

namespace jobs {

struct Told {
  enum class Kind : std::uint8_t {
    record,  // for scripts
    line,    // for people: what they asked to see
    remark,  // for people: around the results
    error,   // as people see it on standard error
  };
  Kind kind = Kind::line;
  std::optional<Record> record;  // of a record; of an error, too
  std::string text;              // of the others
};

// decode_told throws Error(corrupt).
base::Bytes encode_told(const Told& told);
Told decode_told(base::ByteView bytes);

}  // namespace jobs
