#include "src/restore/restore_journal.h"

#include "src/base/error.h"
#include "src/base/log.h"
#include "src/base/text.h"
#include "store/fields.h"

#include <utility>

namespace restore {
namespace {

using base::Error;
using base::ErrorKind;

constexpr std::string_view kPrefix = "restore";
constexpr std::string_view kWhat = "a restore's journal";

// Kinds of entries.
constexpr std::uint8_t kBegun = 1;
constexpr std::uint8_t kStep = 2;

base::Bytes encode_beginning(base::Instant begun) {
  store::FieldWriter fields;
  fields.octet(kBegun);
  fields.instant(begun);
  return fields.take();
}

// When it began.
base::Instant decode_beginning(base::ByteView entry) {
  store::FieldReader fields{entry, kWhat};
  if (fields.octet() != kBegun) fields.fail("has no beginning");
  const base::Instant begun = fields.instant();
  fields.finish();
  return begun;
}

// One without a beginning is what is left of one that was being removed.
bool is_worth_keeping(const store::Journal& journal, base::Instant now) {
  try {
    return now - decode_beginning(journal.read_one(1)) <= RestoreJournal::kKept;
  } catch (const Error& error) {
    return error.kind() != ErrorKind::not_found;
  }
}

}  // namespace

base::Bytes RestoreJournal::encode(const Step& step) {
  store::FieldWriter fields;
  fields.octet(kStep);
  fields.packed_text(step.folder_id);
  fields.number(step.outcomes.size());
  for (const Outcome& outcome : step.outcomes) {
    fields.packed_text(outcome.id);
    fields.packed_text(outcome.target_id);
  }
  fields.number(step.sending.size());
  for (const Sending& item : step.sending) {
    fields.packed_text(item.id);
    fields.number(item.there_before.size());
    for (const std::string& id : item.there_before) fields.packed_text(id);
  }
  return fields.take();
}

RestoreJournal::Step RestoreJournal::decode(base::ByteView entry) {
  store::FieldReader fields{entry, kWhat};
  if (fields.octet() != kStep) fields.fail("has an unknown kind of entry");
  Step step;
  step.folder_id = fields.packed_text();
  for (auto left = fields.number_up_to(fields.left()); left > 0; --left) {
    Outcome outcome;
    outcome.id = fields.packed_text();
    outcome.target_id = fields.packed_text();
    step.outcomes.push_back(std::move(outcome));
  }
  for (auto left = fields.number_up_to(fields.left()); left > 0; --left) {
    Sending item;
    item.id = fields.packed_text();
    for (auto ids = fields.number_up_to(fields.left()); ids > 0; --ids) {
      item.there_before.push_back(fields.packed_text());
    }
    step.sending.push_back(std::move(item));
  }
  fields.finish();
  return step;
}

RestoreJournal::RestoreJournal(const store::Journals& journals, const base::Sha256& intent,
                               base::Instant now)
    : journal_(journals.open(base::text(kPrefix, "/", intent.hex()))),
      beginning_(encode_beginning(now)) {
  try {
    goes_on_ = find_own(now);
    if (goes_on_) read_steps();
  } catch (Error& error) {
    error.add_context(
        base::text("reading what this restore came to before it was cut off: without that, items "
                   "could be made twice; to begin anew, take ",
                   journal_.name(), " out of the store"));
    throw;
  }
  remove_old(journals, journal_.name(), now);
}

bool RestoreJournal::find_own(base::Instant now) {
  if (journal_.head().sequence == 0) return false;
  if (is_worth_keeping(journal_, now)) return true;
  try {
    journal_.remove();
  } catch (const Error& error) {
    base::log(base::LogLevel::warning,
              "a restore's old journal is left behind, and this one has "
              "none: ",
              error.what());
    writing_.lock()->takes_entries = false;
  }
  return false;
}

void RestoreJournal::remove_old(const store::Journals& journals, const std::string& own,
                                base::Instant now) {
  try {
    for (const std::string& name : journals.names_below(kPrefix)) {
      store::Journal journal = journals.open(name);
      if (name != own && !is_worth_keeping(journal, now)) journal.remove();
    }
  } catch (const Error& error) {
    base::log(base::LogLevel::info, "old journals of restores are left behind: ", error.what());
  }
}

void RestoreJournal::read_steps() {
  const auto is_unknown = [](const Error& error) {
    // What is damaged stays so; what cannot be read now, or not by this program, may tell all
    // later.
    if (error.kind() == ErrorKind::disk || error.kind() == ErrorKind::usage) throw Error{error};
    base::log(base::LogLevel::warning,
              "of the restore that was cut off, a part is unknown: ", error.what());
  };
  writing_.lock()->head = journal_.read(
      [&](std::uint64_t sequence, base::ByteView entry) {
        if (sequence == 1) return;
        try {
          steps_[decode(entry).folder_id].push_back(sequence);
        } catch (const Error& error) {
          is_unknown(error);
        }
      },
      is_unknown);
}

FolderPast RestoreJournal::past_of(const std::string& folder_id) const {
  FolderPast past;
  const auto steps = steps_.find(folder_id);
  if (steps == steps_.end()) return past;
  const auto writing = writing_.lock();  // the journal is one thread's at a time
  for (const std::uint64_t sequence : steps->second) {
    const Step step = decode(journal_.read_one(sequence));
    for (const Outcome& outcome : step.outcomes) {
      if (outcome.target_id.empty()) {
        past.erase(outcome.id);
      } else {
        past[outcome.id].target_id = outcome.target_id;
      }
    }
    for (const Sending& item : step.sending) {
      past[item.id] = PastItem{{}, {item.there_before.begin(), item.there_before.end()}};
    }
  }
  return past;
}

void RestoreJournal::sending(const std::string& folder_id, std::vector<Sending> items) {
  write(*writing_.lock(), folder_id, std::move(items));
}

void RestoreJournal::came_to(const std::string& folder_id, Outcome outcome) {
  writing_.lock()->outcomes[folder_id].push_back(std::move(outcome));
}

void RestoreJournal::flush(const std::string& folder_id) { write(*writing_.lock(), folder_id, {}); }

void RestoreJournal::write(Writing& writing, const std::string& folder_id,
                           std::vector<Sending> sending) {
  auto waiting = writing.outcomes.extract(folder_id);
  Step step{folder_id, waiting ? std::move(waiting.mapped()) : std::vector<Outcome>{},
            std::move(sending)};
  const bool says_nothing = step.outcomes.empty() && step.sending.empty();
  if (!writing.takes_entries || says_nothing) return;
  try {
    if (writing.head.sequence == 0) add(writing, beginning_);
    add(writing, encode(step));
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::in_use) throw;
    base::log(base::LogLevel::warning, "the store takes no journal of this restore (", error.what(),
              "): if it is cut off, running it again may make items twice");
    writing.takes_entries = false;
  }
}

void RestoreJournal::add(Writing& writing, base::ByteView entry) {
  // Whoever went on with it may have ended it, and taken it away.
  const bool is_ours = journal_.head() == writing.head;
  const auto added = is_ours ? journal_.append_after(writing.head, entry) : std::nullopt;
  if (!added) {
    throw Error{ErrorKind::in_use, "another process is at this same restore"};
  }
  writing.head = *added;
}

void RestoreJournal::finish() {
  if (writing_.lock()->head.sequence == 0) return;
  try {
    journal_.remove();
  } catch (const Error& error) {
    base::log(base::LogLevel::warning, "a restore's journal is left behind: ", error.what());
  }
}

}  // namespace restore
