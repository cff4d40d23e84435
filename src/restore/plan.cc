#include "src/restore/plan.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

namespace restore {
namespace {

constexpr const char* kMailFolder = "IPF.Note";

class Planner {
 public:
  Planner(const catalog::FolderPaths& paths, const catalog::Selected& selected,
          const RestoreTarget& target)
      : paths_(paths), selected_(selected), target_(target) {
    plan_.folders.emplace_back();
  }

  Plan plan() {
    std::size_t base = 0;
    if (!target_.in_place) {
      for (const std::string& name : target_.into) base = child(base, name, kMailFolder, "");
    }
    for (const catalog::SelectedFolder& source : selected_.folders) {
      std::size_t current = base;
      for (const std::string& id : mirrored_chain(source.id)) {
        const store::FolderEntry& folder = paths_.folder(id);
        current = child(current, folder.display_name,
                        folder.item_class.empty() ? kMailFolder : folder.item_class,
                        target_.in_place ? folder.well_known_name : "");
      }
      plan_.folders[current].sources.push_back(source);
    }
    return std::move(plan_);
  }

 private:
  // The folders from where mirroring begins down to this one.
  [[nodiscard]] std::vector<std::string> mirrored_chain(const std::string& id) const {
    std::vector<std::string> chain = paths_.chain(id);
    if (target_.in_place || selected_.everything) return chain;
    const auto top = std::find_if(chain.begin(), chain.end(), [&](const std::string& ancestor) {
      return selected_.tops.contains(ancestor);
    });
    // The root itself may be what was selected: then its children appear.
    if (top != chain.end()) chain.erase(chain.begin(), top);
    return chain;
  }

  std::size_t child(std::size_t parent, const std::string& display_name,
                    const std::string& item_class, const std::string& well_known_name) {
    const auto [known, is_new] =
        index_.try_emplace({parent, display_name, well_known_name}, plan_.folders.size());
    if (!is_new) return known->second;
    TargetFolder folder;
    folder.parent = parent;
    folder.display_name = display_name;
    folder.item_class = item_class;
    folder.well_known_name = well_known_name;
    folder.names = plan_.folders[parent].names;
    folder.names.push_back(display_name);
    plan_.folders.push_back(std::move(folder));
    return known->second;
  }

  const catalog::FolderPaths& paths_;
  const catalog::Selected& selected_;
  const RestoreTarget& target_;
  Plan plan_;
  std::map<std::tuple<std::size_t, std::string, std::string>, std::size_t> index_;
};

}  // namespace

Plan make_plan(const catalog::FolderPaths& paths, const catalog::Selected& selected,
               const RestoreTarget& target) {
  return Planner{paths, selected, target}.plan();
}

}  // namespace restore
