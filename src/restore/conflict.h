// What becomes of an item when something like it lies in the target already. Pure.
#pragma once

#include "src/base/clock.h"
#include "src/restore/restore_run.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace restore {

// How an item of the target compares with the one to be restored.
enum class Likeness : std::uint8_t {
  unchanged,  // the same id and version, or the same bytes
  changed,
  unknown,  // it could not be read
};

// An item of the target folder with the same id or the same search key.
struct Candidate {
  std::string item_id;
  std::string change_key;
  bool same_id = false;
  std::optional<base::Instant> modified;
  Likeness likeness = Likeness::unknown;
};

struct Verdict {
  enum class Kind : std::uint8_t {
    create,
    skip,
    replace,
    undecided,  // creating could double it, skipping could lose it
  };
  Kind kind = Kind::create;
  // Which candidate is skipped for, or replaced.
  std::optional<std::size_t> candidate;
  std::string reason;  // empty where nothing like it lies there
};

// Of several candidates any unchanged one counts; to be replaced, the one of the same id, else the
// one modified last.
Verdict decide(OnConflict on_conflict, std::span<const Candidate> candidates);

}  // namespace restore
