#include "tests/simulator/evolution.h"

#include "src/base/text.h"
#include "tests/simulator/tenant_plan.h"

#include <algorithm>

namespace simulator {
namespace {

std::vector<Number> item_numbers(const Mailbox& mailbox) {
  std::vector<Number> numbers;
  numbers.reserve(mailbox.items().size());
  for (const auto& [number, item] : mailbox.items()) numbers.push_back(number);
  return numbers;
}

std::vector<Number> own_folders(const Mailbox& mailbox) {
  std::vector<Number> numbers;
  for (const auto& [number, folder] : mailbox.folders()) {
    const FolderPlan& plan = folder.plan;
    if (folder.parent && plan.well_known_name.empty() && !plan.hidden && !plan.search &&
        plan.type == "IPF.Note") {
      numbers.push_back(number);
    }
  }
  return numbers;
}

// At least `least`, else the share of the mailbox that the day touches.
std::uint64_t share(const Mailbox& mailbox, double part, std::uint64_t least) {
  const auto count = static_cast<std::uint64_t>(static_cast<double>(mailbox.items().size()) * part);
  return std::max(count, least);
}

class Day {
 public:
  Day(World& world, Instant start) : world_(world), start_(start) {}

  void receive_mail() {
    std::vector<Mailbox*> mailboxes = living_mailboxes();
    Random random{mix({world_.seed, world_.days_lived, 11})};
    std::uint64_t wanted = 0;
    for (const Mailbox* mailbox : mailboxes) wanted += share(*mailbox, 0.01, 2);
    for (std::uint64_t given = 0; given < wanted && !mailboxes.empty();) {
      Recipe recipe = new_message(world_, random, moment(random));
      const bool broadcast = recipe.kind == ItemKind::mail && random.chance(0.3);
      const std::uint64_t copies =
          broadcast ? 1 + random.below(std::min<std::uint64_t>(8, mailboxes.size())) : 1;
      std::set<std::size_t> receivers;
      while (receivers.size() < copies) receivers.insert(random.below(mailboxes.size()));
      for (const std::size_t receiver : receivers) {
        Mailbox& mailbox = *mailboxes[receiver];
        recipe.viewer = mailbox.viewer();
        mailbox.add_item(delivery_folder(mailbox, recipe.kind, random), recipe, recipe.received);
        ++activity_.added;
      }
      given += copies;
    }
  }

  void touch_items(Mailbox& mailbox, Random& random) {
    std::vector<Number> numbers = item_numbers(mailbox);
    const auto take_one = [&]() -> std::optional<Number> {
      if (numbers.empty()) return std::nullopt;
      std::swap(numbers[random.below(numbers.size())], numbers.back());
      const Number number = numbers.back();
      numbers.pop_back();
      return number;
    };
    for (std::uint64_t i = share(mailbox, 0.005, 1); i > 0; --i) {
      if (const auto number = take_one()) change(mailbox, *number, random);
    }
    for (std::uint64_t i = share(mailbox, 0.005, 1); i > 0; --i) {
      if (const auto number = take_one()) move(mailbox, *number, random);
    }
    for (std::uint64_t i = share(mailbox, 0.004, 1); i > 0; --i) {
      if (const auto number = take_one()) remove(mailbox, *number, random);
    }
  }

  void touch_folders(Mailbox& mailbox, Random& random) {
    const std::vector<Number> own = own_folders(mailbox);
    if (own.empty()) return;
    const Number chosen = own[random.below(own.size())];
    const Number inbox = mailbox.find_folder("inbox")->number;
    const std::string label = base::text("Folder ", world_.days_lived, "-", random.below(1000));
    switch (random.below(12)) {
      case 0:
        if (mailbox.find_child(inbox, label) != nullptr) break;
        mailbox.add_folder(inbox, plan_of(label));
        ++activity_.folders_created;
        break;
      case 1:
        if (mailbox.find_child(*mailbox.folder(chosen).parent, label) != nullptr) break;
        mailbox.rename_folder(chosen, label);
        ++activity_.folders_renamed;
        break;
      case 2:
        move_folder(mailbox, chosen, own[random.below(own.size())]);
        break;
      case 3:
        recreate(mailbox, chosen);
        break;
      case 4:
        mailbox.remove_folder(chosen);
        ++activity_.folders_deleted;
        break;
      default:
        break;  // most days leave the folders alone
    }
  }

  [[nodiscard]] std::vector<Mailbox*> living_mailboxes() {
    std::vector<Mailbox*> mailboxes;
    for (auto& [id, mailbox] : world_.mailboxes) {
      const User* owner = world_.owner_of(id);
      if (owner != nullptr && !owner->deleted) mailboxes.push_back(&mailbox);
    }
    return mailboxes;
  }

  [[nodiscard]] const Activity& activity() const { return activity_; }

 private:
  Instant moment(Random& random) const {
    return start_ + Duration{static_cast<std::int64_t>(random.below(86'400'000))};
  }

  static FolderPlan plan_of(const std::string& name) {
    FolderPlan plan;
    plan.display_name = name;
    plan.type = "IPF.Note";
    return plan;
  }

  void change(Mailbox& mailbox, Number number, Random& random) {
    Recipe recipe = mailbox.item(number).recipe;
    ++recipe.revision;
    mailbox.change_item(number, recipe, moment(random));
    ++activity_.changed;
  }

  void move(Mailbox& mailbox, Number number, Random& random) {
    const Number target = delivery_folder(mailbox, mailbox.item(number).recipe.kind, random);
    if (target == mailbox.item(number).folder) return;
    mailbox.move_item(number, target, moment(random));
    ++activity_.moved;
  }

  // Half of what users delete lies in Deleted Items first.
  void remove(Mailbox& mailbox, Number number, Random& random) {
    const Number deleted_items = mailbox.find_folder("deleteditems")->number;
    if (mailbox.item(number).folder != deleted_items && random.chance(0.5)) {
      mailbox.move_item(number, deleted_items, moment(random));
      ++activity_.moved;
    } else {
      mailbox.remove_item(number);
      ++activity_.deleted;
    }
  }

  void move_folder(Mailbox& mailbox, Number folder, Number target) {
    for (std::optional<Number> above = target; above; above = mailbox.folder(*above).parent) {
      if (*above == folder) return;
    }
    const std::string& name = mailbox.folder(folder).plan.display_name;
    if (mailbox.find_child(target, name) != nullptr) return;
    mailbox.move_folder(folder, target);
    ++activity_.folders_moved;
  }

  // The name stays, the id does not: whoever goes by ids has to notice.
  void recreate(Mailbox& mailbox, Number folder) {
    const std::string name = mailbox.folder(folder).plan.display_name;
    const Number parent = *mailbox.folder(folder).parent;
    mailbox.remove_folder(folder);
    mailbox.add_folder(parent, plan_of(name));
    ++activity_.folders_recreated;
  }

  World& world_;
  Instant start_;
  Activity activity_;
};

}  // namespace

Activity live_one_day(World& world, Instant now) {
  const Instant start = now + world.clock_offset;
  ++world.days_lived;
  Day day{world, start};
  for (Mailbox* mailbox : day.living_mailboxes()) {
    Random random{mix({world.seed, world.days_lived, mailbox->viewer()})};
    day.touch_items(*mailbox, random);
    day.touch_folders(*mailbox, random);
  }
  day.receive_mail();
  world.clock_offset += std::chrono::days{1};
  return day.activity();
}

Activity damage(Mailbox& mailbox, std::uint64_t seed, Instant now) {
  Random random{mix({seed, mailbox.viewer(), 13})};
  Activity activity;
  for (const Number number : item_numbers(mailbox)) {
    if (random.below(5) < 3) {
      Recipe recipe = mailbox.item(number).recipe;
      recipe.scrambled = true;
      ++recipe.revision;
      mailbox.change_item(number, recipe, now);
      ++activity.changed;
    } else {
      mailbox.remove_item(number);
      ++activity.deleted;
    }
  }
  return activity;
}

}  // namespace simulator
