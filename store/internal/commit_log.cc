#include "store/internal/commit_log.h"

#include "src/base/error.h"
#include "src/base/text.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace store {
namespace {

// Some hundred thousand mailboxes in one run; more is an attack on memory.
constexpr std::uint64_t kLargestRecord = std::uint64_t{256} << 20;

base::Error damaged(std::string message) { return {base::ErrorKind::corrupt, std::move(message)}; }

std::string gap(const WriterId& writer, std::uint64_t sequence) {
  return base::text("commit record ", commit_name(writer, sequence),
                    " is missing, though later ones are there");
}

std::string stranger(const std::string& name) {
  return base::text(name, " is no commit record, but lies among them");
}

// The part of a chain that the record's writer knew and that is not there; empty if all is.
std::optional<std::string> missing_other(const CommitRecord& record,
                                         const CommitLog::Chains& chains) {
  for (const LogCursor& other : record.others) {
    const auto chain = chains.find(other.writer);
    if (chain != chains.end() && chain->second >= other.sequence) continue;
    return base::text("commit record ", commit_name(other.writer, other.sequence), ", which ",
                      commit_name(record.writer, record.sequence), " knew, is missing");
  }
  return std::nullopt;
}

// The proven hashes of all records, to compare what chains say of each other.
class KnownHashes {
 public:
  void add(const LogCursor& cursor) { hashes_[{cursor.writer, cursor.sequence}] = cursor.hash; }

  // Empty if all is well.
  [[nodiscard]] std::string problem_with(const LogCursor& claim, const std::string& by) const {
    const auto found = hashes_.find({claim.writer, claim.sequence});
    if (found == hashes_.end()) {
      return base::text("commit record ", commit_name(claim.writer, claim.sequence), ", which ", by,
                        " knew, is missing or damaged");
    }
    if (found->second == claim.hash) return {};
    return base::text("commit record ", commit_name(claim.writer, claim.sequence),
                      " is not the one that ", by, " knew");
  }

 private:
  std::map<std::pair<WriterId, std::uint64_t>, base::Sha256> hashes_;
};

}  // namespace

CommitLog::Listing CommitLog::list() const {
  Listing listing;
  backend_->list(kLogPrefix, [&](const std::string& name, std::uint64_t) {
    if (const std::optional<CommitPlace> place = commit_place_of(name)) {
      listing.sequences[place->writer].push_back(place->sequence);
    } else {
      listing.strangers.push_back(name);
    }
  });
  for (auto& [writer, sequences] : listing.sequences) std::sort(sequences.begin(), sequences.end());
  return listing;
}

CommitLog::Chains CommitLog::chains() const {
  const Listing listing = list();
  if (!listing.strangers.empty()) throw damaged(stranger(listing.strangers.front()));
  Chains chains;
  for (const auto& [writer, sequences] : listing.sequences) {
    for (std::size_t i = 0; i < sequences.size(); ++i) {
      if (sequences[i] != i + 1) throw damaged(gap(writer, i + 1));
    }
    chains[writer] = sequences.size();
  }
  return chains;
}

base::Bytes CommitLog::read(const std::string& name) const {
  const std::optional<std::uint64_t> size = backend_->size_bytes(name);
  if (!size) throw damaged(base::text("commit record ", name, " is missing"));
  if (*size > kLargestRecord) throw damaged(base::text("commit record ", name, " is too large"));
  return backend_->read(name, 0, *size);
}

LogCursor CommitLog::cursor_at(const WriterId& writer, std::uint64_t sequence) const {
  LogCursor cursor{writer, sequence, {}};
  if (sequence > 0) cursor.hash = base::sha256(read(commit_name(writer, sequence)));
  return cursor;
}

bool CommitLog::holds(const LogCursor& cursor) const {
  return backend_->size_bytes(commit_name(cursor.writer, cursor.sequence)) &&
         cursor_at(cursor.writer, cursor.sequence).hash == cursor.hash;
}

bool CommitLog::can_open(const std::string& object, const std::string& name) const {
  try {
    static_cast<void>(open_commit(read(object), name, *keys_));
    return true;
  } catch (const base::Error& error) {
    if (error.kind() != base::ErrorKind::corrupt) throw;
    return false;
  }
}

CommitLog::Proven CommitLog::read_after(const LogCursor& head) const {
  const std::string name = commit_name(head.writer, head.sequence + 1);
  const base::Bytes object = read(name);
  CommitRecord record = open_commit(object, name, *keys_);
  if (record.previous != head.hash) {
    throw damaged(base::text("commit record ", name, " does not follow the one before it"));
  }
  const LogCursor cursor{head.writer, record.sequence, base::sha256(object)};
  return {std::move(record), cursor};
}

void CommitLog::read_on(const Cursors& known, const Chains& chains,
                        const OnRecord& on_record) const {
  Cursors heads;                       // of what has been told
  std::map<WriterId, Proven> waiting;  // the next record of each chain that has one
  const auto advance = [&](const LogCursor& head) {
    heads[head.writer] = head;
    if (head.sequence >= chains.at(head.writer)) return;
    Proven next = read_after(head);
    if (const auto missing = missing_other(next.record, chains)) throw damaged(*missing);
    waiting.emplace(head.writer, std::move(next));
  };
  for (const auto& [writer, last] : chains) {
    const auto head = known.find(writer);
    advance(head == known.end() ? LogCursor{writer, 0, {}} : head->second);
  }
  const auto comes_next = [&](const auto& entry) {
    return std::ranges::all_of(entry.second.record.others, [&](const LogCursor& other) {
      const auto head = heads.find(other.writer);
      return head != heads.end() && head->second.sequence >= other.sequence;
    });
  };
  while (!waiting.empty()) {
    const auto next = std::ranges::find_if(waiting, comes_next);
    if (next == waiting.end()) throw damaged("commit records each claim that others came before");
    const Proven proven = std::move(next->second);
    waiting.erase(next);
    on_record(proven.record, proven.cursor);
    advance(proven.cursor);
  }
}

void CommitLog::verify(const OnRecord& on_record, const OnError& on_error) const {
  const Listing listing = list();
  for (const std::string& name : listing.strangers) on_error(damaged(stranger(name)));
  KnownHashes hashes;
  std::vector<std::pair<std::string, LogCursor>> claims;  // by whom, of what
  for (const auto& [writer, sequences] : listing.sequences) {
    LogCursor head{writer, 0, {}};
    bool head_is_proven = true;
    for (const std::uint64_t sequence : sequences) {
      if (sequence != head.sequence + 1) {
        on_error(damaged(gap(writer, head.sequence + 1)));
        head_is_proven = false;
      }
      // After damage the chain goes on from what the next record says of it.
      const std::string name = commit_name(writer, sequence);
      const LogCursor before{writer, sequence - 1, head.hash};
      head.sequence = sequence;
      try {
        const base::Bytes object = read(name);
        const CommitRecord record = open_commit(object, name, *keys_);
        if (head_is_proven && record.previous != before.hash) {
          on_error(
              damaged(base::text("commit record ", name, " does not follow the one before it")));
        }
        head.hash = base::sha256(object);
        head_is_proven = true;
        hashes.add(head);
        for (const LogCursor& other : record.others) claims.emplace_back(name, other);
        on_record(record, head);
      } catch (const base::Error& error) {
        if (error.kind() == base::ErrorKind::cancelled) throw;
        on_error(error);
        head_is_proven = false;
      }
    }
  }
  for (const auto& [by, claim] : claims) {
    const std::string problem = hashes.problem_with(claim, by);
    if (!problem.empty()) on_error(damaged(problem));
  }
}

LogCursor CommitLog::append(const LogCursor& head, CommitRecord record) const {
  record.writer = head.writer;
  record.sequence = head.sequence + 1;
  record.previous = head.hash;
  const base::Bytes object = seal_commit(record, *keys_);
  if (object.size() > kLargestRecord) {
    throw base::Error{base::ErrorKind::failed, "too many restore points for one commit record"};
  }
  const std::string name = commit_name(record.writer, record.sequence);
  const std::array<base::ByteView, 1> parts{object};
  if (backend_->put_if_absent(name, parts) == Backend::Put::exists) {
    throw base::Error{base::ErrorKind::in_use,
                      base::text("another process has written commit record ", name)};
  }
  return {record.writer, record.sequence, base::sha256(object)};
}

CommitLog::Cursors cursors_of(const Index& index) {
  CommitLog::Cursors cursors;
  for (const LogCursor& cursor : index.cursors()) cursors[cursor.writer] = cursor;
  return cursors;
}

}  // namespace store
