// Which of the items that went from a folder are those that came into another one.
#pragma once

#include "src/base/bytes.h"
#include "store/snapshot.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace catalog {

// Takes what went and what came, in whatever order, and pairs them once: first by id, then, because
// the service may give new ids when items are moved, by the SHA-256 of the stream. A pair never
// lies in one folder, and an item is in one pair at most. Memory: 40 bytes an item while they are
// gathered, four afterwards.
class Moves {
 public:
  // Numbers, each side counted from 0 in the order of its calls.
  using Number = std::uint32_t;
  struct Origin {
    Number went = 0;
    bool by_id = false;
  };

  void went(const store::ItemEntry& item) { went_.push_back(trace_of(item)); }
  void came(const store::ItemEntry& item) { came_.push_back(trace_of(item)); }
  // Nothing can be added any more.
  void pair();

  // Of the item that came: what it was before. Empty if it came from outside.
  [[nodiscard]] std::optional<Origin> origin(Number came) const;
  // Whether the item that went is the origin of one that came.
  [[nodiscard]] bool is_origin(Number went) const { return is_origin_[went]; }
  // The same, but paired by its content: whoever has only the new item cannot look it up by its id.
  [[nodiscard]] bool has_another_id(Number went) const { return has_another_id_[went]; }
  [[nodiscard]] bool gave_other_ids() const { return gave_other_ids_; }
  // The folder that the item went from.
  [[nodiscard]] const std::string& folder(Number went) const {
    return folders_[folder_of_went_[went]];
  }

 private:
  using Half = base::FixedBytes<struct HalfDigestTag, 16>;  // of a SHA-256: nobody can forge it
  struct Trace {
    Half id;
    Half content;
    Number folder = 0;
  };

  Trace trace_of(const store::ItemEntry& item);
  void pair_by(Half Trace::*key, bool is_id);
  // Those with one key, numbers of went_ and came_ in ascending order.
  void pair_group(const std::vector<Number>& went, const std::vector<Number>& came, bool is_id);

  std::vector<Trace> went_;
  std::vector<Trace> came_;
  std::vector<std::string> folders_;
  std::map<std::string, Number> folder_numbers_;
  std::vector<Number> folder_of_went_;
  std::vector<Number> origins_;  // of those that came; kNone
  std::vector<bool> is_origin_;
  std::vector<bool> has_another_id_;
  bool gave_other_ids_ = false;
};

}  // namespace catalog
