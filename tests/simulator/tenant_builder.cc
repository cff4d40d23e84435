#include "src/base/digest.h"
#include "src/base/error.h"
#include "src/base/text.h"
#include "tests/simulator/tenant_plan.h"
#include "tests/simulator/vocabulary.h"

#include <algorithm>
#include <cmath>

namespace simulator {
namespace {

constexpr double kSigma = 1.9;  // of the logarithm of sizes: a long tail,
// and at its end the messages that carry a film or a drawing.
constexpr double kVeryLarge = 0.0005;
constexpr std::uint64_t kLargestContent = 48'000'000;

std::string make_guid(std::uint64_t seed, std::string_view what) {
  const std::string hex = base::sha256(base::as_bytes(base::text("guid ", seed, " ", what))).hex();
  return base::text(hex.substr(0, 8), "-", hex.substr(8, 4), "-4", hex.substr(13, 3), "-8",
                    hex.substr(17, 3), "-", hex.substr(20, 12));
}

void add_applications(World& world, const TenantPlan& plan) {
  std::set<std::string> backup = backup_roles();
  std::set<std::string> restore = restore_roles();
  if (plan.folder_jobs) {
    std::erase_if(backup, [](const std::string& role) {
      return role.starts_with("MailboxFolder.") || role.starts_with("MailboxItem.");
    });
    restore = {"Mail.ReadWrite", "Mail.ReadWrite.Shared", "Mailbox.Migration"};
    backup.insert(restore.begin(), restore.end());
  }
  world.applications[kBackupClientId] = {kBackupClientId, "backup", {plan.backup_secret}, {}, {},
                                         backup,          {}};
  world.applications[kRestoreClientId] = {
      kRestoreClientId, "restore", {plan.restore_secret}, {}, {}, restore, {}};
}

User make_user(const World& world, const std::string& local_part, const std::string& purpose) {
  User user;
  user.id = make_guid(world.seed, "user " + local_part);
  user.display_name = local_part;
  user.user_principal_name = base::text(local_part, "@", world.domain);
  user.mail = user.user_principal_name;
  user.purpose = purpose;
  user.account_enabled = purpose == "user";
  return user;
}

void add_accounts_without_mailbox(World& world) {
  const auto add = [&](const char* name, MailboxState state) {
    User user = make_user(world, name, "user");
    user.state = state;
    if (state == MailboxState::invalid_user) user.mail.clear();
    world.directory.users.push_back(std::move(user));
  };
  add("on.premises", MailboxState::not_enabled);
  add("break.glass", MailboxState::invalid_user);
  add("unlicensed.one", MailboxState::empty_id);
  add("unlicensed.two", MailboxState::absent_id);
  User guest = make_user(world, "partner_fabrikam.com#EXT#", "user");
  guest.user_type = "Guest";
  guest.state = MailboxState::invalid_user;
  guest.mail = "partner@fabrikam.com";
  world.directory.users.push_back(std::move(guest));
}

// A group with a nested group that contains it again, and members that are not users.
void add_groups(World& world) {
  Directory& directory = world.directory;
  OtherObject device{make_guid(world.seed, "device"), "#microsoft.graph.device", "LAPTOP-17"};
  OtherObject contact{make_guid(world.seed, "contact"), "#microsoft.graph.orgContact",
                      "Outside Contact"};
  Group staff{make_guid(world.seed, "group staff"), "All Staff", {}};
  Group nested{make_guid(world.seed, "group finance"), "Finance", {}};
  std::size_t count = 0;
  for (const User& user : directory.users) {
    if (user.user_type != "Member") continue;
    (count++ % 3 == 0 ? nested : staff).members.push_back(user.id);
  }
  staff.members.insert(staff.members.end(), {nested.id, device.id, contact.id});
  nested.members.push_back(staff.id);
  nested.has_mailbox = true;
  directory.others = {{device.id, device}, {contact.id, contact}};
  directory.groups = {{staff.id, staff}, {nested.id, nested}};
}

ItemKind any_kind(Random& random) {
  const std::uint64_t dice = random.below(100);
  if (dice < 84) return ItemKind::mail;
  if (dice < 86) return ItemKind::meeting_request;
  if (dice < 92) return ItemKind::appointment;
  if (dice < 95) return ItemKind::contact;
  if (dice < 98) return ItemKind::task;
  return dice < 99 ? ItemKind::sticky_note : ItemKind::journal;
}

struct Planned {
  Recipe recipe;
  std::uint64_t copies = 1;
};

std::uint64_t number_of_copies(Random& random, std::uint64_t mailboxes) {
  const double dice = random.unit();
  std::uint64_t copies = 1;
  if (dice > 0.55) copies = 2 + random.below(2);
  if (dice > 0.80) copies = 4 + random.below(5);
  if (dice > 0.95) copies = 8 + random.below(13);
  return std::min(copies, mailboxes);
}

// Sizes are scaled so that the whole tenant has the planned bytes.
std::vector<Planned> plan_messages(World& world, const TenantPlan& plan, Instant now) {
  Random random{mix({plan.seed, 1})};
  std::vector<Planned> messages;
  double weighted = 0;
  for (std::uint64_t items = 0; items < plan.items;) {
    const Duration age{static_cast<std::int64_t>(random.below(400ULL * 86'400'000ULL)) + 1000};
    Planned planned{new_message(world, random, now - age), 1};
    if (planned.recipe.kind == ItemKind::mail) {
      planned.copies = std::min(number_of_copies(random, plan.mailboxes), plan.items - items);
    }
    items += planned.copies;
    weighted += static_cast<double>(planned.copies * planned.recipe.content_bytes);
    messages.push_back(planned);
  }
  const double scale = static_cast<double>(plan.bytes) / std::max(weighted, 1.0);
  world.median_content_bytes *= scale;
  for (Planned& planned : messages) {
    const double scaled = static_cast<double>(planned.recipe.content_bytes) * scale;
    planned.recipe.content_bytes = 200 + static_cast<std::uint64_t>(scaled);
  }
  return messages;
}

void deliver(Mailbox& mailbox, Recipe recipe, Random& random) {
  recipe.viewer = mailbox.viewer();
  mailbox.add_item(delivery_folder(mailbox, recipe.kind, random), recipe, recipe.received);
}

void fill_mailboxes(World& world, const TenantPlan& plan, Instant now) {
  Random random{mix({plan.seed, 2})};
  std::vector<Mailbox*> mailboxes;
  for (const User& user : world.directory.users) {
    if (Mailbox* mailbox = world.find_mailbox(user.mailbox_id)) mailboxes.push_back(mailbox);
  }
  // Some mailboxes get much, some little.
  std::vector<double> bounds;
  for (double sum = 0; bounds.size() < mailboxes.size();) {
    bounds.push_back(sum += std::exp(0.7 * random.normal()));
  }
  for (const Planned& planned : plan_messages(world, plan, now)) {
    std::set<std::size_t> receivers;
    while (receivers.size() < planned.copies) {
      const double dice = random.unit() * bounds.back();
      auto index = static_cast<std::size_t>(std::upper_bound(bounds.begin(), bounds.end(), dice) -
                                            bounds.begin());
      // Broadcasts reach small mailboxes, too.
      if (receivers.contains(index)) index = random.below(mailboxes.size());
      receivers.insert(index);
    }
    for (const std::size_t receiver : receivers) {
      deliver(*mailboxes[receiver], planned.recipe, random);
    }
  }
  for (std::uint64_t i = 0; i < plan.large_items; ++i) {
    Recipe recipe = new_message(world, random, now - std::chrono::hours{static_cast<long>(i) + 1});
    recipe.kind = ItemKind::mail;
    recipe.content_bytes = plan.large_bytes;
    deliver(*mailboxes.front(), recipe, random);
  }
}

}  // namespace

Mailbox& add_mailbox(World& world, const std::string& local_part, const std::string& purpose) {
  User user = make_user(world, local_part, purpose);
  user.mailbox_id =
      base::text("MBX:", make_guid(world.seed, "mailbox " + local_part), "@", world.tenant_id);
  const auto number = static_cast<std::uint32_t>(world.mailboxes.size() + 1);
  const std::uint64_t identity = mix({world.seed, mix_text(local_part)});
  const auto [added, fresh] =
      world.mailboxes.emplace(user.mailbox_id, Mailbox{user.mailbox_id, identity, number});
  base::check(fresh, "two mailboxes have the same name");
  add_standard_folders(added->second);
  world.directory.users.push_back(std::move(user));
  return added->second;
}

Recipe new_message(World& world, Random& random, Instant received) {
  Recipe recipe;
  recipe.seed = world.seed;
  recipe.message = world.next_message++;
  recipe.kind = any_kind(random);
  recipe.received = std::chrono::floor<std::chrono::seconds>(received);
  const double size = world.median_content_bytes * std::exp(kSigma * random.normal());
  recipe.content_bytes = 200 + static_cast<std::uint64_t>(size);
  if (random.chance(kVeryLarge)) {
    recipe.content_bytes =
        static_cast<std::uint64_t>(world.median_content_bytes) * (600 + random.below(1500));
  }
  // Contacts, tasks and notes are small.
  if (recipe.kind >= ItemKind::contact) recipe.content_bytes = 200 + recipe.content_bytes % 6000;
  recipe.content_bytes = std::min(recipe.content_bytes, kLargestContent);
  return recipe;
}

Number delivery_folder(const Mailbox& mailbox, ItemKind kind, Random& random) {
  const auto well_known = [&](std::string_view name) { return mailbox.find_folder(name)->number; };
  switch (kind) {
    case ItemKind::appointment:
      return well_known("calendar");
    case ItemKind::contact:
      return well_known("contacts");
    case ItemKind::task:
      return well_known("tasks");
    case ItemKind::sticky_note:
      return well_known("notes");
    case ItemKind::journal:
      return well_known("journal");
    case ItemKind::mail:
    case ItemKind::meeting_request:
      break;
  }
  const double dice = random.unit();
  if (dice < 0.5) return well_known("inbox");
  if (dice < 0.65) return well_known("sentitems");
  if (dice < 0.70) return well_known("archive");
  std::vector<Number> own;
  for (const auto& [number, folder] : mailbox.folders()) {
    const bool mail = folder.plan.type == "IPF.Note" && !folder.plan.hidden && !folder.plan.search;
    if (mail && folder.plan.well_known_name.empty()) own.push_back(number);
  }
  return own.empty() ? well_known("inbox") : own[random.below(own.size())];
}

void build(World& world, const TenantPlan& plan, Instant now) {
  base::check(plan.mailboxes >= 3, "a tenant has at least three mailboxes");
  world.tenant_id = make_guid(plan.seed, "tenant");
  world.domain = std::string{kDomain};
  world.lifetimes = plan.lifetimes;
  add_applications(world, plan);
  for (std::uint64_t i = 0; i < plan.mailboxes; ++i) {
    if (i == 1) {
      add_mailbox(world, "info", "shared");
    } else if (i == 2) {
      add_mailbox(world, "room.berlin", "room");
    } else if (i == 6 || i % 20 == 19) {
      add_mailbox(world, base::text("shared.", i), "shared");
    } else {
      const Person someone = person(i * 25);  // 25: first and last names both change
      add_mailbox(world, someone.address.substr(0, someone.address.find('@')), "user");
      User& user = world.directory.users.back();
      user.display_name = someone.name;
      user.account_enabled = i % 9 != 8;  // people who have left keep their mailbox for a while
    }
  }
  if (plan.accounts_without_mailbox) add_accounts_without_mailbox(world);
  add_groups(world);
  fill_mailboxes(world, plan, now);
}

}  // namespace simulator
