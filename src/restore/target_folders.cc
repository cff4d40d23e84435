#include "src/restore/target_folders.h"

#include "src/base/text.h"
#include "src/catalog/folder_paths.h"
#include "src/catalog/folding.h"

#include <algorithm>
#include <utility>
#include <variant>

namespace restore {
namespace {

using base::Error;
using base::ErrorKind;
using base::text;

constexpr const char* kRootName = "msgfolderroot";  // accepted in place of the root's id

bool is_named_root(const graph::Folder& folder) {
  return base::equals_ignoring_case(folder.well_known_name, kRootName);
}

bool ends_restore(ErrorKind kind) {
  return kind == ErrorKind::denied || kind == ErrorKind::unavailable ||
         kind == ErrorKind::cancelled;
}

}  // namespace

TargetFolders::TargetFolders(graph::MailboxService& service, const graph::MailboxId& mailbox,
                             std::stop_token stop)
    : service_(service), mailbox_(mailbox), stop_(std::move(stop)) {
  const graph::Round round = service_.folder_changes(
      mailbox_, std::nullopt,
      [&](graph::FolderChange change) {
        if (const auto* removed = std::get_if<graph::FolderRemoved>(&change)) {
          folders_.erase(removed->id);
        } else {
          graph::Folder& folder = std::get<graph::Folder>(change);
          std::string id = folder.id;
          folders_.insert_or_assign(std::move(id), std::move(folder));
        }
      },
      stop_);
  if (!std::holds_alternative<graph::RoundComplete>(round)) {
    throw Error{ErrorKind::protocol, "the service does not list the folders of the target"};
  }
  for (const auto& [id, folder] : folders_) children_.emplace(folder.parent_id, &folder);
}

std::vector<ResolvedFolder> TargetFolders::resolve(const Plan& plan, bool dry_run) {
  std::vector<ResolvedFolder> resolved;
  resolved.reserve(plan.folders.size());
  resolved.push_back(resolve_root());
  for (std::size_t i = 1; i < plan.folders.size(); ++i) {
    const TargetFolder& wanted = plan.folders[i];
    const ResolvedFolder& parent = resolved[wanted.parent];
    resolved.push_back(resolve_below(wanted, parent, dry_run));
  }
  return resolved;
}

ResolvedFolder TargetFolders::resolve_root() const {
  std::string nameless;
  std::string parent_of_others;
  std::vector<std::string> without_parent;
  for (const auto& [id, folder] : folders_) {
    if (is_named_root(folder)) return {id, "", {}};
    if (folder.parent_id.empty()) without_parent.push_back(id);
    if (!folder.parent_id.empty() && folders_.contains(folder.parent_id)) continue;
    // The root can have a parent that nobody may list; but it alone has no name.
    if (folder.display_name.empty()) nameless = id;
    if (parent_of_others.empty()) parent_of_others = folder.parent_id;
  }
  if (without_parent.size() == 1) return {without_parent.front(), "", {}};
  if (!nameless.empty()) return {nameless, "", {}};
  // Told without its root: the root is the parent that all the others hang from.
  return {parent_of_others.empty() ? kRootName : parent_of_others, "", {}};
}

ResolvedFolder TargetFolders::resolve_below(const TargetFolder& wanted,
                                            const ResolvedFolder& parent, bool dry_run) {
  ResolvedFolder resolved;
  if (const graph::Folder* found = find(wanted, parent)) {
    ++reused_;
    resolved.id = found->id;
    resolved.path = path_of(found->id);
    return resolved;
  }
  resolved.path = parent.path.empty()
                      ? catalog::join_path({wanted.display_name})
                      : text(parent.path, "/", catalog::join_path({wanted.display_name}));
  resolved.failure = parent.failure;
  if (dry_run || resolved.failure) return resolved;
  try {
    // A mailbox that takes no items is left without empty folders.
    if (created_ == 0) service_.prepare_import(mailbox_, stop_);
    graph::CreatedFolder made =
        service_.create_folder(mailbox_, parent.id, wanted.display_name, wanted.item_class, stop_);
    made.folder.parent_id = parent.id;
    resolved.id = made.folder.id;
    const auto [known, is_new] = folders_.try_emplace(resolved.id, std::move(made.folder));
    ++(is_new && !made.was_there ? created_ : reused_);
    // The next one of that name is this one.
    if (is_new) children_.emplace(parent.id, &known->second);
  } catch (Error& error) {
    error.add_context(text("creating folder ", resolved.path));
    if (ends_restore(error.kind())) throw;
    resolved.failure = error;
  }
  return resolved;
}

// By well-known name wherever it lies; else by name, exactly first: the service itself ignores
// case.
const graph::Folder* TargetFolders::find(const TargetFolder& wanted,
                                         const ResolvedFolder& parent) const {
  if (!wanted.well_known_name.empty()) {
    for (const auto& [id, folder] : folders_) {
      if (base::equals_ignoring_case(folder.well_known_name, wanted.well_known_name))
        return &folder;
    }
  }
  if (parent.id.empty()) return nullptr;
  const auto [begin, end] = children_.equal_range(parent.id);
  const auto exact = std::find_if(begin, end, [&](const auto& child) {
    return child.second->display_name == wanted.display_name;
  });
  if (exact != end) return exact->second;
  const std::string folded = catalog::fold_case(wanted.display_name);
  const auto similar = std::find_if(begin, end, [&](const auto& child) {
    return catalog::fold_case(child.second->display_name) == folded;
  });
  return similar == end ? nullptr : similar->second;
}

std::string TargetFolders::path_of(const std::string& folder_id) const {
  std::vector<std::string> names;
  auto current = folders_.find(folder_id);
  // A tree deeper than it has folders would be a cycle.
  while (current != folders_.end() && names.size() <= folders_.size() &&
         !current->second.parent_id.empty() && !current->second.display_name.empty() &&
         !is_named_root(current->second)) {
    names.push_back(current->second.display_name);
    current = folders_.find(current->second.parent_id);
  }
  std::reverse(names.begin(), names.end());
  return catalog::join_path(names);
}

}  // namespace restore
