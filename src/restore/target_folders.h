// The folders of the target that a plan needs: found, or created where missing.
#pragma once

#include "src/base/error.h"
#include "src/graph/mailbox_service.h"
#include "src/restore/plan.h"

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

namespace restore {

// A folder of the plan as the target has it.
struct ResolvedFolder {
  std::string id;    // empty if a dry run would create it, or if it could not be created
  std::string path;  // as the target shows it
  std::optional<base::Error> failure;  // why it, or what it lies in, could not be created
};

// Used by one thread.
class TargetFolders {
 public:
  // Lists the target's folders. The service outlives this.
  TargetFolders(graph::MailboxService& service, const graph::MailboxId& mailbox,
                std::stop_token stop);

  // In the order of the plan. With `dry_run`, missing folders are not created; else the service is
  // asked to let us import before the first of them is. Error(denied),
  // Error(unavailable) and Error(cancelled) end it; other refusals cost the folder and what lies in
  // it.
  std::vector<ResolvedFolder> resolve(const Plan& plan, bool dry_run);

  [[nodiscard]] std::size_t created() const { return created_; }
  [[nodiscard]] std::size_t reused() const { return reused_; }

 private:
  ResolvedFolder resolve_root() const;
  ResolvedFolder resolve_below(const TargetFolder& wanted, const ResolvedFolder& parent,
                               bool dry_run);
  [[nodiscard]] const graph::Folder* find(const TargetFolder& wanted,
                                          const ResolvedFolder& parent) const;
  [[nodiscard]] std::string path_of(const std::string& folder_id) const;

  graph::MailboxService& service_;
  const graph::MailboxId& mailbox_;
  std::stop_token stop_;
  std::map<std::string, graph::Folder> folders_;  // by id
  std::multimap<std::string, const graph::Folder*> children_;
  std::size_t created_ = 0;
  std::size_t reused_ = 0;
};

}  // namespace restore
