#include "tests/simulation/life_events.h"

#include "src/base/text.h"
#include "tests/simulator/evolution.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <utility>

namespace simulation {
namespace {

using base::text;
using simulator::Folder;
using simulator::Mailbox;

simulator::FolderPlan plan_of(std::string name) {
  simulator::FolderPlan plan;
  plan.display_name = std::move(name);
  plan.type = "IPF.Note";
  return plan;
}

std::string key_of(const simulator::Item& item) {
  return base::to_hex(simulator::facts_of(item.recipe).search_key);
}

}  // namespace

void LifeEvents::live_one_day() {
  world_.clock().advance(std::chrono::hours{24});
  {
    auto tenant = world_.tenant().world();
    simulator::live_one_day(*tenant, world_.clock().now());
  }
  for (std::uint64_t events = dice_.below(7); events > 0; --events) happen_once();
}

void LifeEvents::happen_once() {
  using Act = void (LifeEvents::*)();
  // Some more often than others.
  static constexpr std::array kActs = {
      &LifeEvents::move_item,           &LifeEvents::move_item,
      &LifeEvents::move_and_back,       &LifeEvents::move_and_back,
      &LifeEvents::change_item,         &LifeEvents::receive,
      &LifeEvents::receive_twice,       &LifeEvents::delete_item,
      &LifeEvents::make_folder,         &LifeEvents::make_folder,
      &LifeEvents::rename_folder,       &LifeEvents::move_folder,
      &LifeEvents::move_folder,         &LifeEvents::make_folder_anew,
      &LifeEvents::make_folder_anew,    &LifeEvents::delete_folder,
      &LifeEvents::empty_folder,        &LifeEvents::swap_names,
      &LifeEvents::poison_item,         &LifeEvents::poison_item,
      &LifeEvents::heal_item,           &LifeEvents::heal_item,
      &LifeEvents::make_mailbox,        &LifeEvents::expire_tokens,
      &LifeEvents::reject_delta_tokens, &LifeEvents::let_time_pass};
  const Act act = kActs[dice_.below(kActs.size())];
  auto tenant = world_.tenant().world();
  choose_mailbox(*tenant);
  if (mailbox_ != nullptr) (this->*act)();
}

void LifeEvents::change_meanwhile() {
  using Act = void (LifeEvents::*)();
  static constexpr std::array kActs = {&LifeEvents::move_item,   &LifeEvents::move_and_back,
                                       &LifeEvents::change_item, &LifeEvents::receive,
                                       &LifeEvents::delete_item, &LifeEvents::empty_folder};
  auto tenant = world_.tenant().world();
  for (std::uint64_t events = 1 + dice_.below(4); events > 0; --events) {
    const Act act = kActs[dice_.below(kActs.size())];
    choose_mailbox(*tenant);
    if (mailbox_ != nullptr) (this->*act)();
  }
}

void LifeEvents::choose_mailbox(simulator::World& world) {
  tenant_ = &world;
  std::vector<Mailbox*> living;
  for (auto& [id, mailbox] : world.mailboxes) {
    if (!world.owner_of(id)->deleted) living.push_back(&mailbox);
  }
  mailbox_ = living.empty() ? nullptr : dice_.one_of(living);
}

void LifeEvents::lose_mailbox() {
  auto tenant = world_.tenant().world();
  choose_mailbox(*tenant);
  if (mailbox_ == nullptr) return;
  tenant->directory.find_any_user(tenant->owner_of(mailbox_->id())->mail)->deleted = true;
  note("its account goes");
}

void LifeEvents::bring_back_mailboxes() {
  auto tenant = world_.tenant().world();
  for (simulator::User& user : tenant->directory.users) {
    if (std::exchange(user.deleted, false)) world_.note("  " + user.mail + " comes back");
  }
}

std::optional<LifeEvents::Number> LifeEvents::any_item() {
  if (mailbox_->items().empty()) return std::nullopt;
  return std::next(mailbox_->items().begin(),
                   static_cast<std::ptrdiff_t>(dice_.below(mailbox_->items().size())))
      ->first;
}

std::optional<LifeEvents::Number> LifeEvents::own_folder() {
  std::vector<Number> own;
  for (const auto& [number, folder] : mailbox_->folders()) {
    const simulator::FolderPlan& plan = folder.plan;
    if (folder.parent && plan.well_known_name.empty() && !plan.hidden && !plan.search &&
        plan.type == "IPF.Note") {
      own.push_back(number);
    }
  }
  if (own.empty()) return std::nullopt;
  return dice_.one_of(own);
}

LifeEvents::Number LifeEvents::mail_folder() {
  static constexpr std::array<std::string_view, 4> kNames{"inbox", "archive", "deleteditems",
                                                          "sentitems"};
  const auto own = dice_.one_in(2) ? own_folder() : std::nullopt;
  if (own) return *own;
  return mailbox_->find_folder(kNames[dice_.below(kNames.size())])->number;
}

bool LifeEvents::is_below(Number folder, Number above) const {
  for (std::optional<Number> at = folder; at; at = mailbox_->folder(*at).parent) {
    if (*at == above) return true;
  }
  return false;
}

base::Instant LifeEvents::now() { return world_.clock().now() + tenant_->clock_offset; }

std::string LifeEvents::new_name() { return text("Life ", ++names_, dice_.one_in(4) ? "/x" : ""); }

void LifeEvents::note(const std::string& what) {
  const simulator::User* owner = tenant_->owner_of(mailbox_->id());
  world_.note(text("  ", owner->mail, ": ", what));
}

void LifeEvents::move_item() {
  const auto item = any_item();
  if (!item) return;
  const Number target = mail_folder();
  note(text("item ", mailbox_->item(*item).id, " moves to '", mailbox_->path_of(target), "'"));
  mailbox_->move_item(*item, target, now());
}

void LifeEvents::move_and_back() {
  const auto item = any_item();
  if (!item) return;
  const Number home = mailbox_->item(*item).folder;
  note(text("item ", mailbox_->item(*item).id, " moves and comes back"));
  mailbox_->move_item(*item, mail_folder(), now());
  mailbox_->move_item(*item, home, now());
}

void LifeEvents::change_item() {
  const auto item = any_item();
  if (!item) return;
  simulator::Recipe recipe = mailbox_->item(*item).recipe;
  ++recipe.revision;
  note(text("item ", mailbox_->item(*item).id, " changes"));
  mailbox_->change_item(*item, recipe, now());
}

void LifeEvents::receive() {
  const Number folder = mail_folder();
  simulator::Random random{dice_.below(~std::uint64_t{0})};
  const std::uint64_t count = 1 + dice_.below(4);
  note(text(count, " items come to '", mailbox_->path_of(folder), "'"));
  for (std::uint64_t i = 0; i < count; ++i) {
    simulator::Recipe recipe = simulator::new_message(*tenant_, random, now());
    recipe.viewer = mailbox_->viewer();
    mailbox_->add_item(folder, recipe, now());
  }
}

// The same message once more, in the same folder or in another one.
void LifeEvents::receive_twice() {
  const auto item = any_item();
  if (!item) return;
  const simulator::Item& first = mailbox_->item(*item);
  const Number folder = dice_.one_in(2) ? first.folder : mail_folder();
  note(text("item ", first.id, " comes once more, to '", mailbox_->path_of(folder), "'"));
  mailbox_->add_item(folder, simulator::Recipe{first.recipe}, now());
}

void LifeEvents::delete_item() {
  const auto item = any_item();
  if (!item) return;
  note(text("item ", mailbox_->item(*item).id, " is deleted"));
  mailbox_->remove_item(*item);
}

// Some of them with what was elsewhere before.
void LifeEvents::make_folder() {
  const Number folder = mailbox_->add_folder(mail_folder(), plan_of(new_name()));
  note(text("folder '", mailbox_->path_of(folder), "' is made"));
  for (std::uint64_t items = dice_.below(3); items > 0; --items) {
    if (const auto item = any_item()) mailbox_->move_item(*item, folder, now());
  }
}

void LifeEvents::rename_folder() {
  const auto folder = own_folder();
  if (!folder) return;
  note(text("folder '", mailbox_->path_of(*folder), "' is renamed"));
  mailbox_->rename_folder(*folder, new_name());
}

void LifeEvents::move_folder() {
  const auto folder = own_folder();
  if (!folder) return;
  const Number target = mail_folder();
  const std::string& name = mailbox_->folder(*folder).plan.display_name;
  if (is_below(target, *folder) || mailbox_->find_child(target, name) != nullptr) return;
  note(text("folder '", mailbox_->path_of(*folder), "' moves into '", mailbox_->path_of(target),
            "'"));
  mailbox_->move_folder(*folder, target);
}

// The name stays, the id does not; what lay in it is moved into the new one, or is gone.
void LifeEvents::make_folder_anew() {
  const auto folder = own_folder();
  if (!folder) return;
  note(text("folder '", mailbox_->path_of(*folder), "' is made anew"));
  const Folder old = mailbox_->folder(*folder);
  mailbox_->rename_folder(*folder, new_name());
  const Number made = mailbox_->add_folder(*old.parent, plan_of(old.plan.display_name));
  if (dice_.one_in(2)) {
    for (const Number item : old.items) mailbox_->move_item(item, made, now());
  }
  mailbox_->remove_folder(*folder);
}

void LifeEvents::delete_folder() {
  const auto folder = own_folder();
  if (!folder) return;
  note(text("folder '", mailbox_->path_of(*folder), "' is deleted"));
  mailbox_->remove_folder(*folder);
}

void LifeEvents::empty_folder() {
  const Number folder = mail_folder();
  note(text("folder '", mailbox_->path_of(folder), "' is emptied"));
  for (const Number item : std::set<Number>{mailbox_->folder(folder).items}) {
    mailbox_->remove_item(item);
  }
}

void LifeEvents::swap_names() {
  const auto one = own_folder();
  const auto other = own_folder();
  if (!one || !other || *one == *other) return;
  if (mailbox_->folder(*one).parent != mailbox_->folder(*other).parent) return;
  note(text("folders '", mailbox_->path_of(*one), "' and '", mailbox_->path_of(*other),
            "' swap their names"));
  const std::string name = mailbox_->folder(*one).plan.display_name;
  mailbox_->rename_folder(*one, std::string{mailbox_->folder(*other).plan.display_name});
  mailbox_->rename_folder(*other, name);
}

void LifeEvents::poison_item() {
  for (std::uint64_t items = 1 + dice_.below(2); items > 0; --items) {
    const auto item = any_item();
    if (!item) return;
    const std::string key = key_of(mailbox_->item(*item));
    note(text("item ", mailbox_->item(*item).id, " is poisoned"));
    world_.poison(*tenant_, key);
    if (dice_.one_in(2)) {  // a new version has to be exported
      simulator::Recipe recipe = mailbox_->item(*item).recipe;
      ++recipe.revision;
      mailbox_->change_item(*item, recipe, now());
    }
  }
}

void LifeEvents::heal_item() {
  if (world_.poisoned().empty()) return;
  const std::string key =
      *std::next(world_.poisoned().begin(),
                 static_cast<std::ptrdiff_t>(dice_.below(world_.poisoned().size())));
  note(text("what has the search key ", key, " is healed"));
  world_.heal(*tenant_, key);
}

void LifeEvents::make_mailbox() {
  if (tenant_->mailboxes.size() >= 5) return;
  mailbox_ = &simulator::add_mailbox(*tenant_, text("new.", tenant_->mailboxes.size()), "user");
  note("is made");
  receive();
}

void LifeEvents::expire_tokens() {
  world_.note("  all access tokens expire");
  ++tenant_->token_generation;
}

void LifeEvents::reject_delta_tokens() {
  world_.note("  all delta tokens are worthless");
  ++tenant_->delta_generation;
}

void LifeEvents::let_time_pass() {
  world_.note("  a month passes");
  world_.clock().advance(std::chrono::hours{24 * 31});
}

}  // namespace simulation
