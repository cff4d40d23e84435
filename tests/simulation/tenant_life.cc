#include "tests/simulation/tenant_life.h"

#include "src/base/digest.h"
#include "src/base/text.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

namespace simulation {
namespace {

using base::text;

bool shares_paths(const Listing& listing) {
  std::set<std::string> paths;
  return !std::ranges::all_of(listing.items, [&](const auto& item) {
    return paths.insert(listing.path_of(item.first.first)).second;
  });
}

std::string percent(std::uint64_t share) { return text("0.", share < 10 ? "0" : "", share); }

}  // namespace

std::string LifeTally::told() const {
  std::string told = text(lives, " lives of ", days, " days: ", complete, " complete and ", partial,
                          " partial restore points of ", items, " items, ", restores,
                          " restores with ", imported_items, " items imported, ", requests,
                          " requests, ", killed, " processes killed; faults:");
  for (const auto& [name, times] : faults) told += text(" ", name, " ", times);
  return told;
}

TenantLife::TenantLife(std::uint64_t seed, graph::ApiForm form)
    : dice_(seed),
      world_(draw_plan(seed, form, dice_)),
      events_(world_, dice_),
      backup_(world_, events_, points_) {}

LifeWorld::Plan TenantLife::draw_plan(std::uint64_t seed, graph::ApiForm form, Dice& dice) {
  LifeWorld::Plan plan;
  plan.seed = seed;
  plan.form = form;
  plan.side_by_side = dice.one_in(8);
  plan.mailboxes = 3;
  plan.items = 15 + dice.below(40);
  return plan;
}

void TenantLife::run() {
  for (std::uint64_t days = 3 + dice_.below(5); days > 0; --days) live_one_day();
  end();
}

void TenantLife::live_one_day() {
  ++days_lived_;
  world_.note(text("day ", days_lived_));
  if (days_lived_ > 1) events_.live_one_day();
  if (dice_.one_in(3)) events_.bring_back_mailboxes();
  if (dice_.one_in(8)) events_.lose_mailbox();
  for (std::uint64_t runs = dice_.one_in(4) ? 2 : 1; runs > 0; --runs) back_up();
  if (dice_.one_in(3)) restore();
}

void TenantLife::back_up() {
  const std::string weather = draw_weather();
  world_.note("weather: " + weather);
  world_.set_weather(weather);
  BackupPlan plan;
  plan.full = dice_.one_in(5);
  switch (dice_.below(8)) {
    case 0:
    case 1:
      plan.interruption = draw_interruption();
      break;
    case 2:
      plan.change_after = dice_.below(60);
      break;
    case 3:
      if (dice_.one_in(2)) plan.loss_after = dice_.below(60);
      break;
    default:
      break;
  }
  backup_.run(plan);
}

std::string TenantLife::draw_weather() {
  const std::string seed = text("seed=", dice_.below(1'000'000));
  switch (dice_.below(8)) {
    case 0:
    case 1:
      return seed;
    case 2:
      return text(seed, ",all=", percent(1 + dice_.below(4)));
    case 3:
      return text(seed, ",all=", percent(5 + dice_.below(10)));
    case 4:
      return text(seed, ",drop_element=0.3,empty_element=0.3,element_error=0.3,capital_error=0.5");
    case 5:
      return text(seed, ",late_delta=0.4,repeated_delta=0.4,empty_delta_page=0.3,",
                  "delta_rejected=", percent(dice_.below(40)));
    default: {
      const auto fault = static_cast<simulator::Fault>(dice_.below(simulator::kFaultCount));
      return text(seed, ",all=0.01,", simulator::name(fault), "=", percent(10 + dice_.below(50)));
    }
  }
}

std::string TenantLife::draw_restore_weather() {
  if (dice_.one_in(2)) return draw_weather();
  return text("seed=", dice_.below(1'000'000), ",all=", percent(dice_.below(4)),
              ",lost_import_answer=", percent(dice_.below(60)),
              ",session_expired=", percent(dice_.below(30)),
              ",job_failed=", percent(dice_.below(30)));
}

Interruption TenantLife::draw_interruption() {
  using Kind = Interruption::Kind;
  static constexpr std::array kKinds{Kind::stop, Kind::kill_at_request, Kind::kill_before_storing,
                                     Kind::kill_after_storing};
  const Kind kind = kKinds[dice_.below(kKinds.size())];
  return {kind, dice_.below(100)};
}

void TenantLife::restore() {
  const std::map<std::string, std::string> living = world_.living_mailboxes();
  if (points_.empty() || living.empty()) return;
  const KnownPoint point = dice_.one_of(points_);
  RestoreOrder order = draw_order(point, living);
  const bool of_items = world_.plan().form == graph::ApiForm::items;
  // Two folders of one path become one, which can be filled by one stream only.
  if (!of_items && shares_paths(point.listing)) return;
  // Only bytes tell what has no search key, and what is poisoned cannot be read: nobody could tell
  // whether it is there.
  if (point.lacks_keys || !of_items) world_.heal_all();
  const auto weather = [this] { return draw_restore_weather(); };
  ++restores_;
  if (!LifeRestore{world_, dice_, order}.run(weather)) return;
  if (order.rewritten || !of_items || !dice_.one_in(3)) return;
  ++restores_;
  order.on_conflict = static_cast<restore::OnConflict>(dice_.below(3));
  LifeRestore{world_, dice_, order}.run(weather);
}

// Into another mailbox or the same one, in place or below a folder of its own.
RestoreOrder TenantLife::draw_order(const KnownPoint& point,
                                    const std::map<std::string, std::string>& living) {
  RestoreOrder order;
  order.point = &point;
  order.target =
      std::next(living.begin(), static_cast<std::ptrdiff_t>(dice_.below(living.size())))->first;
  const bool may_be_same = living.contains(point.snapshot.mailbox_id);
  if (may_be_same && dice_.one_in(2)) order.target = point.snapshot.mailbox_id;
  const bool of_items = world_.plan().form == graph::ApiForm::items;
  if (!of_items || !dice_.one_in(2)) order.into = {text("Restored ", restores_)};
  if (!order.into.empty() && dice_.one_in(4)) order.into.insert(order.into.begin(), "Back");
  if (of_items) order.on_conflict = static_cast<restore::OnConflict>(dice_.below(3));
  order.rewritten = of_items && !order.into.empty() && !point.lacks_keys && dice_.one_in(5);
  if (dice_.one_in(4)) {
    const auto& folders = point.listing.folders;
    order.folder =
        std::next(folders.begin(), static_cast<std::ptrdiff_t>(dice_.below(folders.size())))->first;
    if (point.listing.path_of(order.folder).empty()) order.folder.clear();
  } else if (dice_.one_in(6)) {
    for (const auto& [place, item] : point.listing.items) {
      if (dice_.one_in(4)) order.items.insert(place.second);
    }
  }
  return order;
}

// Without faults, all is as it should be.
void TenantLife::end() {
  world_.note("the end");
  events_.bring_back_mailboxes();
  world_.set_weather("");
  world_.heal_all();
  BackupPlan plan;
  plan.must_be_exact = true;
  backup_.run(plan);
  prove_store();
}

void TenantLife::prove_store() {
  std::map<store::ChunkId, std::string> proven;
  for (const KnownPoint& point : points_) {
    std::size_t items = 0;
    world_.store().open_snapshot(point.snapshot)->items([&](const store::ItemEntry& item) {
      ++items;
      std::string& hash = proven[item.content.chunk];
      if (hash.empty()) hash = base::sha256(world_.store().read_content(item.content)).hex();
      const ListedItem* known = point.listing.find({item.folder_id, item.id});
      if (known == nullptr || known->sha256 != hash) {
        throw Difference{text("item ", item.id, " of restore point ", point.snapshot.id,
                              " is not what was stored")};
      }
      return true;
    });
    if (items != point.listing.items.size()) throw Difference{"a restore point lacks items"};
  }
  const store::CheckReport report = world_.repository().check(store::CheckLevel::full, {}, {});
  if (!report.errors.empty()) throw Difference{"check: " + report.errors.front()};
  if (!report.affected.empty()) throw Difference{"check: items are affected"};
  auto tenant = world_.tenant().world();
  for (const auto& [what, times] : tenant->statistics.violations) {
    throw Difference{text("the service saw what no client may do: ", what)};
  }
}

void TenantLife::add_to(LifeTally& tally) {
  ++tally.lives;
  tally.days += days_lived_;
  for (const KnownPoint& point : points_) {
    ++(point.snapshot.complete ? tally.complete : tally.partial);
    tally.items += point.snapshot.items;
  }
  tally.restores += restores_;
  tally.requests += world_.transport().requests();
  tally.killed += world_.times_killed();
  auto tenant = world_.tenant().world();
  tally.imported_items += tenant->statistics.imported_items;
  for (const auto& [name, times] : tenant->statistics.faults) tally.faults[name] += times;
}

}  // namespace simulation
