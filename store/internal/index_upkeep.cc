#include "store/internal/index_upkeep.h"

#include "src/base/error.h"
#include "src/base/log.h"
#include "src/base/text.h"
#include "store/internal/index_place.h"
#include "store/internal/lost_log.h"
#include "store/internal/prune_leftovers.h"
#include "store/packs.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

namespace store {
namespace {

std::vector<PackObject> list_packs_with_warnings(const Backend& backend) {
  return list_packs(backend, [](const std::string& name) {
    base::log(base::LogLevel::warning, name, " is no pack, but lies among them");
  });
}

// The names that RocksDB gives to its files, and ours.
bool is_index_file(std::string_view name) {
  constexpr std::array<std::string_view, 5> kWholes{"CURRENT", "IDENTITY", "LOCK", "LOG",
                                                    kDamagedName};
  constexpr std::array<std::string_view, 3> kBeginnings{"MANIFEST-", "OPTIONS-", "LOG.old."};
  constexpr std::array<std::string_view, 3> kEndings{".sst", ".log", ".dbtmp"};
  const auto begins = [&](std::string_view beginning) { return name.starts_with(beginning); };
  const auto ends = [&](std::string_view ending) { return name.ends_with(ending); };
  return std::ranges::find(kWholes, name) != kWholes.end() ||
         std::ranges::any_of(kBeginnings, begins) || std::ranges::any_of(kEndings, ends);
}

void check_holds_only_an_index(const std::filesystem::path& path) {
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::file_status status = fs::symlink_status(path, error);
  if (status.type() == fs::file_type::not_found) return;
  const auto refuse = [&](const std::string& what) {
    throw base::Error{base::ErrorKind::usage,
                      base::text("'", path.string(), "' ", what,
                                 ": nothing was touched there; let store.index name a place of its "
                                 "own for the index")};
  };
  if (status.type() != fs::file_type::directory) refuse("is not a directory");
  fs::directory_iterator entry{path, error};
  for (; !error && entry != fs::directory_iterator{}; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (!is_index_file(name))
      refuse(base::text("holds '", base::printable(name), "', which is no part of an index"));
  }
  if (error) throw base::system_error(base::text("listing '", path.string(), "'"), error.value());
}

// Error(corrupt) for a row that is not what a commit made it.
void check_rows(const Index& index, const StateRows& rows) {
  index.rows(Table::snapshot, "", [&](const std::string& key, base::ByteView value) {
    static_cast<void>(rows.open_snapshot(key, value));
  });
  index.rows(Table::tombstone, "", [&](const std::string& key, base::ByteView value) {
    static_cast<void>(rows.open_tombstone(key, value));
  });
  index.rows(Table::hold, "", [&](const std::string& key, base::ByteView value) {
    static_cast<void>(rows.open_hold(key, value));
  });
}

bool is_damaged(const CommitLog& log) {
  bool damaged = false;
  log.verify([](const CommitRecord&, const LogCursor&) {},
             [&](const base::Error& error) {
               if (error.kind() != base::ErrorKind::corrupt) throw base::Error{error};
               damaged = true;
             });
  return damaged;
}

bool is_behind(const Index& index, const CommitLog::Chains& chains) {
  const CommitLog::Cursors cursors = cursors_of(index);
  return std::any_of(chains.begin(), chains.end(), [&](const auto& chain) {
    const auto cursor = cursors.find(chain.first);
    return cursor == cursors.end() || cursor->second.sequence < chain.second;
  });
}

}  // namespace

std::unique_ptr<Index> IndexUpkeep::open(Index::Mode mode) const {
  if (settings_->open_index) return settings_->open_index(mode, keys_->repository());
  if (mode == Index::Mode::create) {
    check_index_place(settings_->index);
    Index::move_aside(settings_->index);
  }
  return Index::open(settings_->index, keys_->repository(), mode);
}

std::unique_ptr<Index> IndexUpkeep::try_open(Index::Mode mode) const {
  try {
    return open(mode);
  } catch (const base::Error& error) {
    if (error.kind() == base::ErrorKind::not_found) {
      base::log(base::LogLevel::info, "there is no index at ", settings_->index.string());
      return nullptr;
    }
    if (error.kind() != base::ErrorKind::corrupt) throw;
    base::log(base::LogLevel::warning, "the index cannot be used: ", error.what());
    return nullptr;
  }
}

std::string IndexUpkeep::contradiction(const Index& index) const {
  try {
    check_rows(index, *rows_);
  } catch (const base::Error& error) {
    if (error.kind() != base::ErrorKind::corrupt) throw;
    return error.message();
  }
  for (const LogCursor& cursor : index.cursors()) {
    if (log_->holds(cursor)) continue;
    std::string lost = lost_with_log(*backend_, *log_, *rows_, index);
    if (!lost.empty()) throw base::Error{base::ErrorKind::corrupt, std::move(lost)};
    return base::text("it was made from commit record ",
                      commit_name(cursor.writer, cursor.sequence),
                      ", which the store does not hold or holds with other content: the store may "
                      "be an older copy, or restore points were removed from it");
  }
  return {};
}

std::string IndexUpkeep::pack_contradiction(const Index& index) const {
  std::map<PackId, std::uint64_t> packs;
  for (const PackObject& pack : list_packs(*backend_, [](const std::string&) {})) {
    packs[pack.id] = pack.size_bytes;
  }
  std::string problem;
  index.for_each_pack([&](std::uint32_t, const PackRow& row) {
    const auto found = packs.find(row.id);
    if (found == packs.end()) {
      problem = base::text("it names pack ", row.id.hex(), ", which the store does not hold");
    } else if (found->second != row.size_bytes) {
      problem = base::text("it has another size for pack ", row.id.hex());
    }
  });
  return problem;
}

std::unique_ptr<Index> IndexUpkeep::open_for_writing(base::Instant now) const {
  const CommitLog::Chains chains = log_->chains();
  std::unique_ptr<Index> index = try_open(Index::Mode::write);
  if (index) {
    std::string problem = contradiction(*index);
    if (problem.empty()) {
      end_deletions(*backend_, *keys_, *log_, index.get(), now);
      problem = pack_contradiction(*index);
    }
    if (!problem.empty()) {
      base::log(base::LogLevel::warning, "the index is stale and is made anew: ", problem);
      index.reset();
    }
  }
  if (!index) return make_anew(now, {});
  add_packs(*index, {});
  replay(*index, chains);
  return index;
}

void check_index_place(const std::filesystem::path& path) {
  check_holds_only_an_index(path);
  check_holds_only_an_index(path.string() + ".set-aside");
}

std::unique_ptr<Index> IndexUpkeep::rebuild(base::Instant now,
                                            const OnProgress& on_progress) const {
  // What only the index remembers must not go with it.
  if (const std::unique_ptr<Index> index = try_open(Index::Mode::write)) {
    static_cast<void>(contradiction(*index));
  }
  return make_anew(now, on_progress);
}

std::unique_ptr<Index> IndexUpkeep::make_anew(base::Instant now,
                                              const OnProgress& on_progress) const {
  // Nothing else vouches for the log now, so all of it is proven before any of it is believed.
  log_->verify([](const CommitRecord&, const LogCursor&) {},
               [](const base::Error& error) { throw base::Error{error}; });
  const CommitLog::Chains chains = log_->chains();
  end_deletions(*backend_, *keys_, *log_, nullptr, now);
  std::unique_ptr<Index> index = open(Index::Mode::create);
  add_packs(*index, on_progress);
  replay(*index, chains);
  if (!settings_->open_index) drop_set_aside(settings_->index);
  return index;
}

std::unique_ptr<Index> IndexUpkeep::open_if_sound(Index::Mode mode) const {
  std::unique_ptr<Index> index = try_open(mode);
  try {
    if (index) check_rows(*index, *rows_);
  } catch (const base::Error& error) {
    if (error.kind() != base::ErrorKind::corrupt) throw;
    base::log(base::LogLevel::warning, "the index cannot be used: ", error.what());
    return nullptr;
  }
  return index;
}

LogRepair IndexUpkeep::salvage(base::Instant now) const {
  std::unique_ptr<Index> index = open_if_sound(Index::Mode::salvage);
  if (index && is_of_another_copy(*backend_, *index)) {
    base::log(base::LogLevel::warning,
              "the index is of another copy of the store, and is not asked what the log told");
    index.reset();
  }
  const bool damaged = is_damaged(*log_);
  std::vector<std::string> missing;
  if (index && !damaged) {
    if (std::string told = lost_with_log(*backend_, *log_, *rows_, *index); !told.empty()) {
      missing.push_back(std::move(told));
    }
  }
  // Notes of prunes tell how far the log reached, which is about to be another one.
  PruneLeftovers leftovers{*backend_, *keys_};
  if (damaged || !missing.empty()) {
    leftovers.forget_notes();
  } else if (std::string gone = leftovers.contradiction(*log_); !gone.empty()) {
    // Nobody can write anew what no record and no row tells of.
    leftovers.forget_notes();
    base::log(base::LogLevel::error, gone);
    return {{}, std::move(gone)};
  }
  LogSalvage salvage = salvage_log(*backend_, *log_, *rows_, index.get(), std::move(missing), now);
  if (!salvage.damage.empty()) {
    base::log(base::LogLevel::warning, "the commit log was damaged and is written anew with ",
              salvage.snapshots, " restore points; the old one lies below trash/quarantine");
  }
  // Nothing will tell of it again, whatever becomes of the caller.
  if (!salvage.lost.empty()) base::log(base::LogLevel::error, salvage.lost);
  return {std::move(salvage.damage), std::move(salvage.lost)};
}

IndexUpkeep::ReadingView IndexUpkeep::open_for_reading(base::Instant now) const {
  try {
    return open_by_log(now);
  } catch (const base::Error& error) {
    if (error.kind() != base::ErrorKind::corrupt) throw;
    std::unique_ptr<Index> index = open_if_sound(Index::Mode::read);
    if (!index) throw;
    base::log(base::LogLevel::error, "the commit log is damaged, and what is shown is what the ",
              "index remembers; `check --repair` writes the log anew: ", error.what());
    return {std::move(index), {}, {}};
  }
}

IndexUpkeep::ReadingView IndexUpkeep::open_by_log(base::Instant now) const {
  // The log first: whatever it names then is in the index that is opened afterwards, as packs are
  // indexed before they are committed.
  const CommitLog::Chains chains = log_->chains();
  std::unique_ptr<Index> index = try_open(Index::Mode::read);
  const std::string problem = index ? contradiction(*index) : "it cannot be opened";
  if (!problem.empty() || is_behind(*index, chains)) {
    index.reset();
    try {
      const std::unique_ptr<Backend::Lock> lock = backend_->lock_for_writing();
      static_cast<void>(open_for_writing(now));
      // RocksDB forgives a writer the torn end of a log that it does not forgive a reader.
      if (!try_open(Index::Mode::read)) static_cast<void>(make_anew(now, {}));
    } catch (base::Error& error) {
      if (error.kind() != base::ErrorKind::in_use) throw;
      if (!problem.empty()) {
        error.add_context(base::text("the index must be made anew (", problem,
                                     "), which needs the store to itself"));
        throw;
      }
    }
    index = open(Index::Mode::read);
  }
  ReadingView view{std::move(index), {}, chains};
  for (const LogCursor& cursor : view.index->cursors()) {
    std::uint64_t& last = (*view.told)[cursor.writer];
    last = std::max(last, cursor.sequence);
  }
  read_tail(*view.index, chains, [&](const LogCursor&, const std::vector<StateRow>& rows) {
    view.newer.insert(view.newer.end(), rows.begin(), rows.end());
  });
  return view;
}

void IndexUpkeep::add_packs(Index& index, const OnProgress& on_progress) const {
  Progress progress;
  std::vector<PackObject> missing;
  for (const PackObject& pack : list_packs_with_warnings(*backend_)) {
    if (index.pack_number(pack.id)) continue;
    progress.total_bytes += pack.size_bytes;
    missing.push_back(pack);
  }
  const auto advance = [&](std::uint64_t size_bytes) {
    progress.done_bytes += size_bytes;
    if (on_progress) on_progress(progress);
  };
  read_contents_of_packs(
      *backend_, *keys_, missing,
      [&](const PackContents& contents) {
        index.add_pack(contents.row, contents.chunks);
        advance(contents.row.size_bytes);
      },
      [&](const PackObject& pack, const base::Error& error) {
        base::log(base::LogLevel::error, "left out of the index: ", error.what());
        advance(pack.size_bytes);
      },
      {});
}

void IndexUpkeep::replay(Index& index, const CommitLog::Chains& chains) const {
  read_tail(index, chains, [&](const LogCursor& cursor, const std::vector<StateRow>& rows) {
    index.apply_commit(cursor, rows);
  });
}

void IndexUpkeep::read_tail(const Index& index, const CommitLog::Chains& chains,
                            const OnTail& on_tail) const {
  log_->read_on(cursors_of(index), chains,
                [&](const CommitRecord& record, const LogCursor& cursor) {
                  on_tail(cursor, rows_->of(record));
                });
}

LogRepair Repository::repair_log(Backend& backend, const Settings& settings,
                                 const base::Secret& key, base::Clock& clock) {
  const std::unique_ptr<KeyRing> keys = KeyRing::open(backend, key);
  const std::unique_ptr<Backend::Lock> lock = backend.lock_for_writing();
  const CommitLog log{backend, *keys};
  const StateRows rows{*keys};
  return IndexUpkeep{backend, *keys, log, rows, settings}.salvage(clock.now());
}

}  // namespace store
