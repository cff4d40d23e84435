// The service as the engine sees it, in memory, told by the test what lies in a mailbox and what
// goes wrong.
#pragma once

#include "src/graph/mailbox_service.h"

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace test {

// Thread-safe as a service; what a test arranges, it arranges between calls.
class FakeMailboxService final : public graph::MailboxService {
 public:
  struct StoredItem {
    std::string change_key;
    std::string item_class = "IPM.Note";
    std::string content;
    std::string subject;
    std::string search_key;
    std::optional<base::Instant> received;
  };
  enum class Call : std::uint8_t {
    folder_changes,
    folder,
    item_changes,
    item_details,
    export_units,
    prepare_import,
    create_folder,
    remove_folder,
    import_unit
  };

  // Arranging the mailbox. The root has the id "root" and is there from the beginning.
  void add_folder(const std::string& id, const std::string& name,
                  const std::string& parent = "root", const std::string& well_known_name = "",
                  bool is_search_folder = false);
  void rename_folder(const std::string& id, const std::string& name);
  // With all that is in it.
  void remove_folder(const std::string& id);
  // New, or a new version: the change key is counted up.
  void put_item(const std::string& folder, const std::string& id, const std::string& content);
  // The same id and version in another folder.
  void move_item(const std::string& from, const std::string& to, const std::string& id);
  // As by a service whose ids do not survive moves: the same version under another id.
  void move_item_anew(const std::string& from, const std::string& to, const std::string& id,
                      const std::string& new_id);
  void remove_item(const std::string& folder, const std::string& id);
  [[nodiscard]] const std::map<std::string, StoredItem>& items(const std::string& folder) const;
  [[nodiscard]] bool has_folder(const std::string& id) const { return folders_.contains(id); }
  [[nodiscard]] StoredItem& item(const std::string& folder, const std::string& id);
  [[nodiscard]] std::optional<std::string> folder_named(const std::string& parent,
                                                        const std::string& name) const;

  // Going wrong.
  void reject_cursors() { ++generation_; }
  void poison(const std::string& item_id, graph::UnitError error) {
    poisoned_[item_id] = std::move(error);
  }
  void heal(const std::string& item_id) { poisoned_.erase(item_id); }
  // What became of the item so far is never told by the feed.
  void keep_quiet_about(const std::string& folder, const std::string& item_id) {
    at(folder).changed.at(item_id) = 1;
  }
  // Every change is told twice, an outdated state first.
  void repeat_changes() { repeats_ = true; }
  // Items that are told as removed although nobody knows them.
  void tell_removed(const std::string& folder, const std::string& item_id);
  // Feeds that say the folder is gone although it is there.
  void lose_feed(const std::string& folder) { lost_feeds_.insert(folder); }
  // Items are told all the same, as by a service that refuses extended properties.
  void withhold_details(bool withhold) { withholds_details_ = withhold; }
  // Called before each call is answered; what it throws is the call's failure. `subject`: folder or
  // first item.
  std::function<void(Call, const std::string& subject)> before_call;
  // The same for calls about folders, several of which may be on their way at once.
  std::function<void(Call)> on_the_way;
  // Folders that the feed tells of, and that whoever is asked about them does not know.
  std::set<std::string> unknown_when_asked;
  // What becomes of imports: empty takes it.
  enum class Lost : std::uint8_t { no, after_creating, before_creating };
  std::function<Lost(const std::string& folder)> lose_answer;
  std::function<std::optional<graph::ImportRefused>(const std::string& folder)> refuse_import;
  // By mailbox; may grow while a call is answered.
  std::map<std::string, base::Duration> lost_time;

  // What was asked.
  [[nodiscard]] std::uint64_t calls(Call call) const;
  [[nodiscard]] std::uint64_t all_calls() const;
  [[nodiscard]] std::vector<std::string> exported() const { return exported_; }
  void forget_calls();

  graph::Round folder_changes(const graph::MailboxId& mailbox,
                              const std::optional<graph::Cursor>& since,
                              const std::function<void(graph::FolderChange)>& on_change,
                              std::stop_token stop) override;
  std::optional<graph::Folder> folder(const graph::MailboxId& mailbox, const std::string& folder_id,
                                      std::stop_token stop) override;
  graph::Round item_changes(const graph::MailboxId& mailbox, const std::string& folder_id,
                            const std::optional<graph::Cursor>& since,
                            const std::function<void(graph::ItemChange)>& on_change,
                            std::stop_token stop) override;
  void item_details(const graph::MailboxId& mailbox, const std::string& folder_id,
                    std::span<const std::string> item_ids,
                    const std::function<void(graph::Item, graph::ItemDetails)>& on_item,
                    std::stop_token stop) override;
  void export_units(const graph::MailboxId& mailbox, std::span<const graph::ExportRequest> units,
                    graph::ExportSink& sink, std::stop_token stop) override;
  void prepare_import(const graph::MailboxId& mailbox, std::stop_token stop) override;
  graph::CreatedFolder create_folder(const graph::MailboxId& mailbox, const std::string& parent_id,
                                     const std::string& display_name, const std::string& item_class,
                                     std::stop_token stop) override;
  void remove_folder(const graph::MailboxId& mailbox, const std::string& folder_id,
                     std::stop_token stop) override;
  graph::ImportResult import_unit(const graph::MailboxId& mailbox, const std::string& folder_id,
                                  graph::StreamSource& stream,
                                  const std::optional<graph::ImportOver>& over,
                                  std::stop_token stop) override;
  [[nodiscard]] graph::ServiceStatistics statistics() const override { return {}; }
  [[nodiscard]] base::Duration time_lost(const graph::MailboxId& mailbox) const override;

 private:
  struct FolderState {
    graph::Folder folder;
    std::map<std::string, StoredItem> items;
    std::map<std::string, std::uint64_t> changed;  // item id to when
  };

  void enter(Call call, const std::string& subject, const std::stop_token& stop);
  [[nodiscard]] graph::Cursor cursor() const;
  // When it was given; empty if it is rejected.
  [[nodiscard]] std::optional<std::uint64_t> when(const graph::Cursor& cursor) const;
  [[nodiscard]] graph::Item as_item(const std::string& id, const StoredItem& item) const;
  FolderState& at(const std::string& folder) { return folders_.at(folder); }

  mutable std::recursive_mutex mutex_;
  std::uint64_t now_ = 1;
  std::uint64_t generation_ = 1;
  std::map<std::string, FolderState> folders_{
      {"root", {{"root", "", "", "", "msgfolderroot", false, false}, {}, {}}}};
  std::map<std::string, std::uint64_t> folder_changed_{{"root", 1}};
  std::map<std::string, graph::UnitError> poisoned_;
  std::set<std::string> lost_feeds_;
  bool repeats_ = false;
  bool withholds_details_ = false;
  std::map<Call, std::uint64_t> calls_;
  std::vector<std::string> exported_;
};

}  // namespace test
