// The items of one source folder on their way into one target folder, in batches: compare, import,
// look after lost answers, read back, report.
#pragma once

#include "src/base/error.h"
#include "src/graph/mailbox_service.h"
#include "src/restore/conflict.h"
#include "src/restore/past_items.h"
#include "src/restore/restore_journal.h"
#include "src/restore/restore_run.h"
#include "src/restore/target_contents.h"
#include "store/repository.h"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

namespace restore {

// One selected item and what became of it.
struct RestoreItem {
  store::ItemEntry entry;
  std::string search_key;
  Verdict verdict;
  std::optional<graph::ImportOver> over;

  enum class State : std::uint8_t { untried, uncertain, imported, refused };
  State state = State::untried;
  graph::Imported imported;
  std::string doubt;          // why its state is uncertain, in the service's words
  bool may_be_there = false;  // of uncertain ones: something could not be read that may be it
  std::string refusal_code;
  std::string refusal;
  // What a look at the target showed after the import.
  enum class Seen : std::uint8_t { not_looked_at, otherwise, as_it_should_be };
  Seen seen = Seen::not_looked_at;
};

// Where the items go.
struct Destination {
  graph::MailboxId mailbox;
  std::string folder_id;  // empty in a dry run that would create the folder
  TargetContents& contents;
  bool same_mailbox = false;
  // What this restore made there before it was cut off.
  const FoundPast& past;
};

// The items of one batch, taken through these steps in this order. Used by one thread.
class BatchRestore {
 public:
  struct Context {
    const Collaborators& with;
    const RestoreSettings& settings;
    RestoreProgress& progress;
    RestoreJournal& journal;
    std::stop_token stop;
  };

  BatchRestore(const Context& context, const Destination& to) : context_(context), to_(to) {}

  // Decides for each item. Throws what the service throws.
  void compare(std::vector<RestoreItem>& items);
  // Imports what is to be imported, and resolves answers that were lost. What ends the restore is
  // returned: the items it left are untried.
  std::optional<base::Error> import_all(std::vector<RestoreItem>& items);
  // Lists what was imported and sets `seen`. Throws what the service throws: what it had not come
  // to by then is not looked at.
  void read_back(std::vector<RestoreItem>& items);

 private:
  // Leaves out what the restore made before it was cut off.
  void skip_made_before(std::vector<RestoreItem>& items);
  // Side by side, and written down before and after.
  std::optional<base::Error> import_together(std::span<RestoreItem* const> items);
  std::optional<base::Error> import_one(RestoreItem& item);
  // What is to be imported again has to be told from what lies there.
  std::optional<base::Error> resolve(std::vector<RestoreItem*> uncertain);
  // How many of them, from the first on, are to be sent together now.
  std::size_t write_down_sending(std::span<RestoreItem* const> items);
  void write_down_outcomes(std::span<RestoreItem* const> items);
  void take(RestoreItem& item, graph::ImportResult result);
  // Finds uncertain items in the target.
  void look_for(std::vector<RestoreItem*>& uncertain);
  std::vector<std::string> matching_ids(RestoreItem& item, const TargetItems& listed);
  std::map<std::string, base::Sha256> hashes_without_key(const std::vector<RestoreItem>& items,
                                                         const TargetItems& listed);
  [[nodiscard]] std::vector<Candidate> candidates_of(
      const RestoreItem& item, const std::map<std::string, base::Sha256>& hashes) const;

  const Context& context_;
  const Destination& to_;
};

}  // namespace restore
