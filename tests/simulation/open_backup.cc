#include "tests/simulation/open_backup.h"

#include "src/base/random.h"
#include "src/base/text.h"

#include <algorithm>
#include <set>
#include <utility>

namespace simulation {
namespace {

constexpr std::uint64_t kMailboxes = 4;  // the last one is of another tenant
constexpr std::uint64_t kMostItems = 9;

store::ContentRef put(store::TenantStore& tenant, base::ByteView bytes) {
  const std::unique_ptr<store::ContentWriter> content = tenant.new_content();
  content->append(bytes);
  return content->finish().ref;
}

std::pair<std::string, std::string> random_item(Dice& dice) {
  return {base::text("folder-", dice.below(2)), base::text("item-", dice.below(kMostItems))};
}

}  // namespace

OpenBackup::OpenBackup(StoreWorld& world, Dice& dice, int number)
    : world_(world), dice_(dice), name_(base::text("backup ", number)) {
  const std::uint64_t mailbox = dice.below(kMailboxes);
  tenant_.name = mailbox + 1 == kMailboxes ? "fabrikam.com" : "contoso.com";
  mailbox_ = base::text("mailbox-", mailbox);
  if (!dice.one_in(4)) choose_base();
  choose_changes();
}

// Of the newest restore point that is shown, as a backup does it.
void OpenBackup::choose_base() {
  std::vector<store::Snapshot> shown = world_.repository().snapshots_of(tenant_, mailbox_);
  if (shown.empty()) return;
  base_ = std::move(shown.back());
  items_ = world_.model().point(base_->id).items;
}

void OpenBackup::choose_changes() {
  if (!base_) {
    const std::uint64_t count = dice_.below(kMostItems);
    for (std::uint64_t i = 0; i < count; ++i) items_[random_item(dice_)] = dice_.below(kStreams);
    for (const auto& [item, stream] : items_) changes_.push_back({item, stream});
    return;
  }
  const std::uint64_t count = dice_.one_in(4) ? 0 : dice_.below(5);
  for (std::uint64_t i = 0; i < count; ++i) {
    Change change{random_item(dice_), std::nullopt};
    if (!dice_.one_in(3)) change.stream = dice_.below(kStreams);
    items_.erase(change.item);
    if (change.stream) items_[change.item] = *change.stream;
    changes_.push_back(std::move(change));
  }
  std::ranges::reverse(changes_);  // the last is done first: see advance()
}

bool OpenBackup::advance() {
  if (!work_) return begin();
  if (!changes_.empty()) {
    const Change change = std::move(changes_.back());
    changes_.pop_back();
    return world_.attempt(base::text(name_, ": item"), [&] { apply(change); }) == Outcome::done;
  }
  return world_.attempt(base::text(name_, ": finish"), [&] { finish(); }) == Outcome::done;
}

bool OpenBackup::begin() {
  work_ = world_.repository().begin_work();
  // Who has purged it meanwhile has a right to.
  const bool may_be_gone = base_ && (world_.model().point(base_->id).standing & kAbsent) != 0;
  const auto expected = may_be_gone ? std::optional{base::ErrorKind::not_found} : std::nullopt;
  return world_.attempt(
             base::text(name_, ": begin with ", mailbox_, ", ", changes_.size(), " changes, base ",
                        base_ ? base_->id : "none"),
             [&] {
               store::TenantStore& tenant = world_.repository().tenant(tenant_);
               if (base_) reader_ = tenant.open_snapshot(*base_);
               if (base_ && changes_.empty()) return;  // its trees are taken as they are
               writer_ = tenant.new_snapshot(base_ ? &*base_ : nullptr);
             },
             expected) == Outcome::done;
}

void OpenBackup::apply(const Change& change) {
  const auto& [folder, id] = change.item;
  if (!change.stream) {
    writer_->remove_item(folder, id);
    return;
  }
  store::ItemEntry item;
  item.folder_id = folder;
  item.id = id;
  item.size_bytes = stream(*change.stream).size();
  item.content = put(world_.repository().tenant(tenant_), stream(*change.stream));
  store::ItemDisplay display;
  if (*change.stream % 2 == 0) display.subject = "About " + id;
  writer_->put_item(item, display);
}

void OpenBackup::finish() {
  if (dice_.one_in(2)) {
    state_ = put(world_.repository().tenant(tenant_), base::as_bytes(mailbox_));
  }
  store::Snapshot snapshot;
  snapshot.id = base::new_ulid(world_.clock().now());
  snapshot.tenant = tenant_;
  snapshot.mailbox_id = mailbox_;
  snapshot.address = mailbox_ + "@" + tenant_.name;
  snapshot.time = world_.clock().now();
  snapshot.complete = true;
  store::SnapshotWriter::Built built;
  if (writer_) {
    built = writer_->finish();
  } else {
    built = {base_->roots, base_->items, base_->bytes};
  }
  snapshot.items = built.items;
  snapshot.bytes = built.bytes;
  snapshot.roots = built.roots;
  snapshot.state = state_;
  prepared_ = std::move(snapshot);
}

}  // namespace simulation
