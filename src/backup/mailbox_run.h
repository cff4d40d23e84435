// The steps of one mailbox's run, in order; mailbox_backup.h says what they promise together.
#pragma once

#include "src/backup/backup_run.h"
#include "src/backup/export_lanes.h"
#include "src/backup/folder_tree.h"
#include "src/backup/folder_work.h"
#include "src/backup/mailbox_base.h"
#include "src/backup/relocation.h"
#include "src/backup/snapshot_editor.h"
#include "src/catalog/folder_paths.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

namespace backup {

// Used once, by one thread, which exports on lanes of its own, and has folders listened to on
// others (listen(), ask_since(), look_for_drift(): they read the base, and change nothing but their
// work).
class MailboxRun {
 public:
  // All outlive the run.
  struct Context {
    const Collaborators& with;
    const RunSettings& settings;
    const Mailbox& mailbox;
    RunProgress& progress;
    const std::function<void()>& on_safe_point;
    std::stop_token stop;
  };

  // Reads what the last run left. Error(corrupt) if it is damaged.
  MailboxRun(const Context& context, Trust trust);

  // Fills `report` and gives the snapshot to be committed; empty if nothing came of the run. Throws
  // what fails the mailbox as a whole: nothing of this attempt is kept then.
  std::optional<store::PreparedSnapshot> run(MailboxReport& report);

 private:
  struct Round;
  struct Listening;

  // Folders.
  void update_folders();
  [[nodiscard]] FolderMap answered_folders() const;
  void classify(std::vector<std::string> new_ids);
  void adopt_folders(FolderMap folders, graph::Cursor next);
  void walk_folders();
  void report_left_out();
  Listening begin_listening(const graph::Folder& folder);
  void open_folder(Listening listening);
  std::optional<Round> listen(FolderWork& work);
  graph::Round hear(const FolderWork& work, const std::optional<graph::Cursor>& since,
                    ToldItems& told);
  std::optional<Round> ask_since(const FolderWork& work, const graph::Cursor& since);
  std::optional<Drift> look_for_drift(const FolderWork& work, const Round& listed,
                                      const Round& fed);
  void report_drift(const FolderWork& work, const Drift& drift);
  void compare(FolderWork& work, Round round);
  void folder_failed(const FolderWork& work, const base::Error& error);
  void folder_vanished(const FolderWork& work);

  // What was told, exported and is to be written (mailbox_run_write.cc).
  void settle_folders();
  void match_moves(FolderWork& work);
  void match_relocations();
  void note_departures(Relocations& relocations) const;
  void recognise(FolderWork& work, Relocations& relocations);
  void write_folder(FolderWork& work);
  void write_exported(FolderWork& work);
  void write_moved(const FolderWork& work);
  void write_details(FolderWork& work);
  bool add_lacking_details(FolderWork& work) const;
  void note_folder(FolderWork& work);
  void report_folder(const FolderWork& work);
  void write_folder_map();
  std::optional<store::PreparedSnapshot> finish();
  [[nodiscard]] bool is_quiet() const;
  store::ContentRef store_notes();

  [[nodiscard]] bool is_kept(const std::string& folder_id) const;
  [[nodiscard]] bool must_end() const;
  void end_early(const base::Error& error);
  void add_problem(Problem problem);
  [[nodiscard]] const RetryItems& retry_items(const std::string& folder_id) const;
  [[nodiscard]] const LostItems& lost_items(const std::string& folder_id) const;
  [[nodiscard]] std::uint64_t stored_items(const std::string& folder_id) const;

  const Context& context_;
  store::TenantStore& store_;
  base::Instant started_;
  MailboxBase base_;
  bool lists_all_;  // whatever the feeds' cursors are
  SnapshotEditor editor_;
  MailboxNotes notes_;                     // of this run
  std::map<std::string, LostItems> lost_;  // by folder id
  FolderMap folders_;
  std::set<std::string> unanswered_;  // new folders of which nobody told what they are
  std::unique_ptr<catalog::FolderPaths> paths_;
  std::set<std::string> departures_;  // folders of the base that items left in this run
  MailboxReport* report_ = nullptr;
  std::uint64_t folders_settled_ = 0;
  std::uint64_t unavailable_folders_ = 0;
  std::uint64_t folders_left_out_ = 0;
  bool folders_failed_ = false;
  bool folders_untold_ = false;          // new folders that could not be asked about
  std::optional<base::Error> ended_by_;  // why no more folders are begun

  std::vector<std::unique_ptr<FolderWork>> open_;
  std::uint64_t held_items_ = 0;  // of the open folders
  ExportLanes lanes_;             // last: gone before the jobs it works on
};

}  // namespace backup
