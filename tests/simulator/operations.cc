#include "tests/simulator/operations.h"

#include "src/base/text.h"
#include "tests/simulator/refusal.h"
#include "tests/simulator/tenant_plan.h"

#include <map>

namespace simulator {
namespace {

// One directed change: its arguments, and the world it happens in.
class Operation {
 public:
  Operation(World& world, const Json& arguments, Instant now)
      : world_(world), arguments_(arguments), now_(now) {}

  Json add_item() {
    const auto count = arguments_.value("count", std::uint64_t{1});
    if (count == 0) throw Refusal{400, "usage", "'count' must be at least 1"};
    for (std::uint64_t i = 1; i < count; ++i) static_cast<void>(add_one_item());
    return add_one_item();
  }

  Json add_one_item() {
    Random random{mix({world_.seed, world_.next_message, 17})};
    Recipe recipe = new_message(world_, random, now_ + world_.clock_offset);
    recipe.kind = ItemKind::mail;
    recipe.viewer = mailbox().viewer();
    recipe.content_bytes = arguments_.value("bytes", recipe.content_bytes);
    return item_result(mailbox().add_item(folder("folder"), recipe, now_ + world_.clock_offset));
  }

  Json change_item() {
    Recipe recipe = item().recipe;
    ++recipe.revision;
    return changed(recipe);
  }

  Json grow_item() {
    Recipe recipe = item().recipe;
    ++recipe.revision;
    recipe.content_bytes = number("bytes");
    return changed(recipe);
  }

  Json move_item() {
    const Number moved = item().number;
    mailbox().move_item(moved, folder("to"), now_ + world_.clock_offset);
    return item_result(moved);
  }

  Json delete_item() {
    mailbox().remove_item(item().number);
    return Json::object();
  }

  Json poison_item() {
    world_.faults.poison(base::to_hex(facts_of(item().recipe).search_key));
    return Json::object();
  }

  Json heal_item() {
    world_.faults.heal(base::to_hex(facts_of(item().recipe).search_key));
    return Json::object();
  }

  Json create_folder() {
    FolderPlan plan;
    plan.display_name = text("name");
    plan.type = arguments_.value("type", "IPF.Note");
    plan.hidden = arguments_.value("hidden", false);
    const Number parent = arguments_.contains("parent") ? folder("parent") : mailbox().root();
    return folder_result(mailbox().add_folder(parent, std::move(plan)));
  }

  Json rename_folder() {
    const Number renamed = folder("folder");  // by its old path, maybe
    mailbox().rename_folder(renamed, text("name"));
    return folder_result(renamed);
  }

  Json move_folder() {
    const Number moved = folder("folder");
    mailbox().move_folder(moved, folder("to"));
    return folder_result(moved);
  }

  Json delete_folder() {
    mailbox().remove_folder(folder("folder"));
    return Json::object();
  }

  Json create_mailbox() {
    Mailbox& added = add_mailbox(world_, text("name"), arguments_.value("purpose", "user"));
    return {{"id", added.id()}};
  }

  Json delete_mailbox() { return set_deleted(true); }
  Json restore_mailbox() { return set_deleted(false); }

  Json hold_mailbox() { return set_member(world_.held_mailboxes); }
  Json fill_mailbox() { return set_member(world_.full_mailboxes); }

  Json set_roles() {
    Application& chosen = application();
    chosen.roles = arguments_.at("roles").get<std::set<std::string>>();
    return {{"roles", chosen.roles}};
  }

  Json deny_mailbox() {
    std::set<std::string>& denied = application().denied_mailboxes;
    if (arguments_.value("on", true)) {
      denied.insert(mailbox().id());
    } else {
      denied.erase(mailbox().id());
    }
    return Json::object();
  }

  Json add_secret() {
    application().secrets.push_back(text("secret"));
    return Json::object();
  }

  Json expire_secret() {
    Application& chosen = application();
    if (std::erase(chosen.secrets, text("secret")) == 0)
      throw Refusal{404, "none", "no such secret"};
    chosen.expired_secrets.push_back(text("secret"));
    return Json::object();
  }

  Json add_certificate() {
    application().certificates.push_back(registered_certificate(text("pem")));
    return Json::object();
  }

  Json remove_certificates() {
    application().certificates.clear();
    return Json::object();
  }

  Json expire_tokens() {
    ++world_.token_generation;
    return Json::object();
  }

  Json reject_delta_tokens() {
    ++world_.delta_generation;
    return Json::object();
  }

 private:
  [[nodiscard]] std::string text(const char* name) const {
    const Json value = arguments_.value(name, Json{});
    if (!value.is_string()) throw Refusal{400, "usage", base::text("'", name, "' is missing")};
    return value.get<std::string>();
  }

  [[nodiscard]] std::uint64_t number(const char* name) const {
    const Json value = arguments_.value(name, Json{});
    if (!value.is_number_unsigned()) {
      throw Refusal{400, "usage", base::text("'", name, "' must be a number")};
    }
    return value.get<std::uint64_t>();
  }

  [[nodiscard]] Mailbox& mailbox() const {
    Mailbox* found = world_.find_mailbox(text("mailbox"));
    if (found == nullptr) throw Refusal{404, "none", "no such mailbox"};
    return *found;
  }

  // By id, well-known name, or path.
  [[nodiscard]] Number folder(const char* name) const {
    const std::string wanted = text(name);
    if (const Folder* found = mailbox().find_folder(wanted)) return found->number;
    for (const auto& [number, folder] : mailbox().folders()) {
      if (folder.parent && mailbox().path_of(number) == wanted) return number;
    }
    throw Refusal{404, "none", base::text("no such folder: ", wanted)};
  }

  [[nodiscard]] const Item& item() const {
    const Item* found = mailbox().find_item(text("item"));
    if (found == nullptr) throw Refusal{404, "none", "no such item"};
    return *found;
  }

  [[nodiscard]] Application& application() const {
    const std::string wanted = text("app");
    for (auto& [id, application] : world_.applications) {
      if (id == wanted || application.name == wanted) return application;
    }
    throw Refusal{404, "none", "no such application"};
  }

  Json changed(const Recipe& recipe) {
    const Number number = item().number;
    mailbox().change_item(number, recipe, now_ + world_.clock_offset);
    return item_result(number);
  }

  Json item_result(Number number) {
    const Item& shown = mailbox().item(number);
    return {{"id", shown.id}, {"change_key", long_change_key(mailbox().change_key(shown))}};
  }

  Json folder_result(Number number) {
    return {{"id", mailbox().folder(number).id}, {"path", mailbox().path_of(number)}};
  }

  Json set_deleted(bool deleted) {
    User* user = world_.directory.find_any_user(text("mailbox"));
    if (user == nullptr) throw Refusal{404, "none", "no such account"};
    user->deleted = deleted;
    return Json::object();
  }

  Json set_member(std::set<std::string>& members) {
    if (arguments_.value("on", true)) {
      members.insert(mailbox().id());
    } else {
      members.erase(mailbox().id());
    }
    return Json::object();
  }

  World& world_;
  const Json& arguments_;
  Instant now_;
};

using Act = Json (Operation::*)();

const std::map<std::string, Act>& acts() {
  static const std::map<std::string, Act> kActs = {
      {"add_item", &Operation::add_item},
      {"change_item", &Operation::change_item},
      {"grow_item", &Operation::grow_item},
      {"move_item", &Operation::move_item},
      {"delete_item", &Operation::delete_item},
      {"poison_item", &Operation::poison_item},
      {"heal_item", &Operation::heal_item},
      {"create_folder", &Operation::create_folder},
      {"rename_folder", &Operation::rename_folder},
      {"move_folder", &Operation::move_folder},
      {"delete_folder", &Operation::delete_folder},
      {"create_mailbox", &Operation::create_mailbox},
      {"delete_mailbox", &Operation::delete_mailbox},
      {"restore_mailbox", &Operation::restore_mailbox},
      {"hold_mailbox", &Operation::hold_mailbox},
      {"fill_mailbox", &Operation::fill_mailbox},
      {"set_roles", &Operation::set_roles},
      {"deny_mailbox", &Operation::deny_mailbox},
      {"add_secret", &Operation::add_secret},
      {"expire_secret", &Operation::expire_secret},
      {"add_certificate", &Operation::add_certificate},
      {"remove_certificates", &Operation::remove_certificates},
      {"expire_tokens", &Operation::expire_tokens},
      {"reject_delta_tokens", &Operation::reject_delta_tokens},
  };
  return kActs;
}

}  // namespace

Json operate(World& world, const Json& operation, Instant now) {
  const std::string name = operation.is_object() ? operation.value("operation", "") : "";
  const auto act = acts().find(name);
  if (act == acts().end()) {
    std::string known;
    for (const auto& [each, unused] : acts()) known += (known.empty() ? "" : ", ") + each;
    throw Refusal{400, "usage",
                  base::text("there is no operation '", name, "'; there are ", known)};
  }
  Operation subject{world, operation, now};
  return (subject.*act->second)();
}

}  // namespace simulator
