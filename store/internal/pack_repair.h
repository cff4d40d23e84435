// Making packs whole again: from their parity, else whatever of them can still be read is stored
// anew. Only adds and sets aside: damaged bytes stay below trash/quarantine.
//
// At every moment each intact record lies in a pack, in the damaged one or in a new one, so repair
// may be killed anywhere and run again.
#pragma once

#include "store/internal/chunk_rescue.h"
#include "store/internal/pack_survey.h"

#include <cstdint>
#include <stop_token>
#include <vector>

namespace store {

struct RepairFigures {
  std::uint64_t healed_packs = 0;    // bit-equal again
  std::uint64_t healed_parity = 0;   // was damaged
  std::uint64_t added_parity = 0;    // was missing
  std::uint64_t given_up_packs = 0;  // what was intact in them is in other packs
  std::uint64_t rescued_chunks = 0;  // of those
};

class PackRepair {
 public:
  // Nobody else writes meanwhile.
  explicit PackRepair(const PackSubjects& subjects) : subjects_(subjects) {}

  // Error(cancelled) on `stop`; what is done stays done.
  RepairFigures run(const PackSurvey& survey, const std::stop_token& stop);

 private:
  // What is left of the pack, zeros (in memory only) where the disk does not give it back.
  [[nodiscard]] base::Bytes read_what_is_left(const PackObject& pack) const;
  [[nodiscard]] bool heal(const PackObject& pack);
  void publish_healed(const PackObject& pack, const base::Bytes& healed);
  // False if the pack is not what its name says.
  [[nodiscard]] bool write_parity(const PackObject& pack);
  // Drops the packs' rows; chunks that lie in another pack, too, are found there from now on.
  void take_out_of_index(const std::vector<PackObject>& packs);
  void point_to_other_packs(const std::vector<PackObject>& given_up);
  void rescue(const PackObject& pack);
  void set_aside(const PackObject& pack);

  PackSubjects subjects_;
  RepairFigures figures_;
};

}  // namespace store
