#include "store/internal/pack_repair.h"

#include "src/base/digest.h"
#include "src/base/error.h"
#include "src/base/log.h"
#include "src/base/text.h"
#include "store/internal/object_name.h"
#include "store/internal/pack_format.h"
#include "store/internal/pack_scrub.h"

#include <algorithm>
#include <optional>
#include <set>

namespace store {
namespace {

using base::LogLevel;

std::string name_of(const PackObject& pack) { return pack_name(pack.chunk_class, pack.id); }

void check_stop(const std::stop_token& stop) {
  if (!stop.stop_requested()) return;
  throw base::Error{base::ErrorKind::cancelled,
                    "the repair was stopped; what is done stays, and a rerun goes on"};
}

// A piece that cannot be read costs no more than itself.
void read_into(const Backend& backend, const std::string& name, base::Bytes& target) {
  for (std::size_t offset = 0; offset < target.size(); offset += kMostParityBlockBytes) {
    const std::size_t size = std::min(target.size() - offset, kMostParityBlockBytes);
    try {
      std::ranges::copy(backend.read(name, offset, size),
                        target.begin() + static_cast<std::ptrdiff_t>(offset));
    } catch (const base::Error& error) {
      if (error.kind() != base::ErrorKind::disk && error.kind() != base::ErrorKind::corrupt) throw;
    }
  }
}

}  // namespace

RepairFigures PackRepair::run(const PackSurvey& survey, const std::stop_token& stop) {
  std::vector<PackObject> damaged = survey.damaged;
  const auto write_parities = [&](const std::vector<PackObject>& packs, std::uint64_t& written) {
    for (const PackObject& pack : packs) {
      check_stop(stop);
      if (write_parity(pack)) {
        ++written;
      } else {
        damaged.push_back(pack);  // a check of the structure does not read to the end
      }
    }
  };
  write_parities(survey.parity_damaged, figures_.healed_parity);
  if (subjects_.parity) write_parities(survey.parity_missing, figures_.added_parity);

  std::vector<PackObject> given_up;
  for (const PackObject& pack : damaged) {
    check_stop(stop);
    if (!heal(pack)) given_up.push_back(pack);
  }
  if (given_up.empty()) return figures_;
  for (const PackObject& pack : given_up) set_aside(pack);
  take_out_of_index(given_up);
  point_to_other_packs(given_up);
  for (const PackObject& pack : given_up) {
    check_stop(stop);
    rescue(pack);
    // The parity first: alone it would say that the pack was lost.
    remove_pack_with_parity(subjects_.backend, pack);
    ++figures_.given_up_packs;
  }
  return figures_;
}

base::Bytes PackRepair::read_what_is_left(const PackObject& pack) const {
  // Set aside by a repair that was killed, if it is not in its place any more.
  for (const std::string& name : {name_of(pack), quarantine_name(pack.id)}) {
    const std::optional<std::uint64_t> size_bytes = subjects_.backend.size_bytes(name);
    if (!size_bytes) continue;
    base::Bytes left(static_cast<std::size_t>(std::min(*size_bytes, kMostPackBytes)));
    read_into(subjects_.backend, name, left);
    return left;
  }
  return {};
}

bool PackRepair::heal(const PackObject& pack) {
  base::Bytes left = read_what_is_left(pack);
  if (base::sha256(left).bytes == pack.id.bytes) {
    // It lay aside; or reading was at fault, and now it is not.
    if (!subjects_.backend.size_bytes(name_of(pack))) publish_healed(pack, left);
    return true;
  }
  const std::optional<StoredParity> parity = read_parity(subjects_.backend, pack.id);
  if (!parity) return false;
  const std::optional<base::Bytes> healed = heal_pack(*parity, std::move(left));
  if (!healed) return false;
  PackObject known = pack;
  known.chunk_class = parity->head.chunk_class;
  publish_healed(known, *healed);
  if (!parity->is_whole) {
    replace_parity(subjects_.backend, pack.id, encode_parity(known.chunk_class, pack.id, *healed));
  }
  return true;
}

void PackRepair::publish_healed(const PackObject& pack, const base::Bytes& healed) {
  const std::string name = name_of(pack);
  const bool is_there = subjects_.backend.size_bytes(name).has_value();
  if (is_there) subjects_.backend.keep_copy(name, quarantine_name(pack.id));
  subjects_.backend.replace(name, healed);
  PackObject whole = pack;
  whole.size_bytes = healed.size();
  if (!subjects_.index.pack_number(pack.id)) {
    const PackContents contents = read_pack_contents(subjects_.backend, subjects_.keys, whole);
    subjects_.index.add_pack(contents.row, contents.chunks);
  }
  ++figures_.healed_packs;
  base::log(LogLevel::warning, "pack ", name, " was ", is_there ? "damaged" : "missing",
            " and is whole again");
}

bool PackRepair::write_parity(const PackObject& pack) {
  const base::Bytes bytes = read_what_is_left(pack);
  if (base::sha256(bytes).bytes != pack.id.bytes) return false;
  replace_parity(subjects_.backend, pack.id, encode_parity(pack.chunk_class, pack.id, bytes));
  return true;
}

void PackRepair::set_aside(const PackObject& pack) {
  if (subjects_.backend.size_bytes(name_of(pack))) {
    subjects_.backend.keep_copy(name_of(pack), quarantine_name(pack.id));
  }
  const std::string parity = parity_name(pack.id);
  if (subjects_.backend.size_bytes(parity)) {
    subjects_.backend.keep_copy(parity, base::text(quarantine_name(pack.id), ".parity"));
  }
}

void PackRepair::take_out_of_index(const std::vector<PackObject>& packs) {
  std::vector<std::uint32_t> numbers;
  for (const PackObject& pack : packs) {
    if (const auto number = subjects_.index.pack_number(pack.id)) numbers.push_back(*number);
  }
  if (numbers.empty()) return;
  for (const auto& [number, chunks] : subjects_.index.chunks_in(numbers)) {
    subjects_.index.remove_pack(number, chunks);
  }
}

void PackRepair::point_to_other_packs(const std::vector<PackObject>& given_up) {
  std::set<PackId> gone;
  for (const PackObject& pack : given_up) gone.insert(pack.id);
  std::vector<PackObject> others = list_packs(subjects_.backend, [](const std::string&) {});
  std::erase_if(others, [&](const PackObject& pack) { return gone.contains(pack.id); });
  const auto add = [&](const PackContents& contents) {
    const auto number = subjects_.index.pack_number(contents.row.id);
    if (number) {
      subjects_.index.add_missing_chunks(*number, contents.chunks);
    } else {
      subjects_.index.add_pack(contents.row, contents.chunks);
    }
  };
  const auto skip = [](const PackObject& pack, const base::Error& error) {
    base::log(LogLevel::warning, "pack ", pack.id.hex(), " was not looked into: ", error.what());
  };
  read_contents_of_packs(subjects_.backend, subjects_.keys, others, add, skip, {});
}

void PackRepair::rescue(const PackObject& pack) {
  figures_.rescued_chunks += rescue_chunks(subjects_, pack, read_what_is_left(pack));
  base::log(LogLevel::warning, "pack ", name_of(pack),
            " cannot be made whole; what was intact in it is stored anew");
}

}  // namespace store
