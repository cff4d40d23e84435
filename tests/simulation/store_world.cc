#include "tests/simulation/store_world.h"

#include "src/base/text.h"
#include "tests/simulation/empty_store.h"
#include "tests/simulation/seeded_randomness.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

namespace simulation {
namespace {

constexpr std::array kFaults{Fault::power_cut_before, Fault::power_cut_after, Fault::error_before,
                             Fault::error_after};

constexpr std::array<std::string_view, 6> kPrefixes{"", "", "gc/", "log/", "pack/", "index"};

}  // namespace

StoreWorld::StoreWorld(Dice& dice) : dice_(dice) {
  plant_empty_store(objects_);
  seed_randomness(dice.below(~std::uint64_t{0}));
  index_.set_hook(faults_of_index(faults_));
  open();
}

void StoreWorld::note(std::string line) { notes_.push_back(indent_ + std::move(line)); }

store::Repository::Settings StoreWorld::settings() {
  store::Repository::Settings settings;
  settings.index = "memory";
  settings.open_index = [this](store::Index::Mode mode, const store::RepositoryId& repository) {
    if (mode == store::Index::Mode::create) index_.lose();
    return index_.open(mode, repository);
  };
  return settings;
}

Outcome StoreWorld::judge(std::string what, std::optional<base::ErrorKind> expected,
                          const std::exception_ptr& thrown) {
  const auto ended = [&](Outcome outcome, std::string_view how) {
    note(base::text(what, how));
    return outcome;
  };
  try {
    if (thrown) std::rethrow_exception(thrown);
    return ended(Outcome::done, "");
  } catch (const PowerCut&) {
    return ended(Outcome::power_cut, ": the power is cut");
  } catch (const base::Error& error) {
    if (faults_.is_power_cut()) return ended(Outcome::power_cut, ": the power is cut");
    if (is_degraded()) return ended(Outcome::failed, base::text(": failed: ", error.what()));
    if (expected && error.kind() == *expected) return ended(Outcome::refused, ": refused");
    throw Violation{base::text(what, ": ", error.what())};
  } catch (const Violation&) {
    note(what + ": violation");
    throw;
  } catch (const std::exception& error) {
    throw Violation{base::text(what, ": ", error.what())};
  }
}

void StoreWorld::open(Opening opening) {
  for (int tries = 0;; ++tries) {
    if (!is_calm_ && tries < 3 && dice_.one_in(6)) plan_fault();
    faults_at_opening_ = faults_.happened();
    const Outcome outcome =
        attempt(opening == Opening::with_new_index ? "rebuild the index" : "open", [&] {
          repository_ =
              opening == Opening::with_new_index
                  ? store::Repository::rebuild_index(backend_, settings(), passphrase(), clock_, {})
                  : store::Repository::open(backend_, settings(), passphrase(),
                                            store::Access::write, clock_);
        });
    faults_.clear();
    if (outcome == Outcome::done) break;
    if (dice_.one_in(3)) put_back_index();
  }
  lacks_packs_ = is_degraded();
  model_.compare(*repository_, true);
}

void StoreWorld::plan_fault() {
  const Fault fault = kFaults[dice_.below(kFaults.size())];
  const std::string_view prefix = kPrefixes[dice_.below(kPrefixes.size())];
  const std::uint64_t operations = dice_.below(prefix.empty() ? 60 : 6);
  faults_.plan(fault, operations, std::string{prefix});
  note(base::text("fault ", static_cast<int>(fault), " is planned after ", operations,
                  " operations '", prefix, "'"));
}

void StoreWorld::put_back_index() {
  const std::uint64_t way = dice_.below(4);
  if (way == 0) {
    note("the index is lost");
    index_.lose();
  } else if (way == 1 && !kept_.empty()) {
    note("an old index is put back");
    index_.put_back(dice_.one_of(kept_));
  } else {
    test::MemoryIndex::Batches batches = index_.written();
    const std::size_t lost = dice_.below(std::min<std::size_t>(batches.size(), 12) + 1);
    note(base::text("the index loses its last ", lost, " writes"));
    if (lost < batches.size()) batches.resize(batches.size() - lost);
    index_.put_back(batches);
  }
}

void StoreWorld::check_restore(store::Repository& repository, const StoreModel::Point& point,
                               Proven& proven) {
  store::TenantStore& tenant = repository.tenant(point.snapshot.tenant);
  const auto expect = [&](bool holds, std::string_view what) {
    if (!holds) throw Violation{base::text("restore point ", point.snapshot.id, ": ", what)};
  };
  std::size_t found = 0;
  tenant.open_snapshot(point.snapshot)->items([&](const store::ItemEntry& item) {
    const auto known = point.items.find({item.folder_id, item.id});
    expect(known != point.items.end(), "holds an item that it should not");
    ++found;
    const auto [chunk, is_new] = proven.try_emplace(item.content.chunk, known->second);
    expect(chunk->second == known->second, "an item is another one");
    expect(!is_new || tenant.read_content(item.content) == stream(known->second),
           "an item's stream is another one");
    return true;
  });
  expect(found == point.items.size(), "lacks items");
  if (point.snapshot.state) {
    static_cast<void>(tenant.read_content(*point.snapshot.state));
  }
}

void StoreWorld::check_promises() {
  faults_.clear();
  model_.compare(*repository_, false);
  if (lacks_packs_) return;
  Proven proven;
  for (const auto& [id, point] : model_.points()) {
    if (point.standing != kShown && point.standing != kForgotten) continue;
    check_restore(*repository_, point, proven);
  }
  if (is_degraded()) return;
  judge(repository_->check(store::CheckLevel::full, {}, {}));
  check_index();
}

void StoreWorld::judge(const store::CheckReport& report) const {
  if (!report.errors.empty()) throw Violation{"check: " + report.errors.front()};
  if (!report.affected.empty()) throw Violation{"check: items are affected"};
}

void StoreWorld::check_index() const {
  const std::vector<std::string> names = objects_.names("pack/");
  for (const store::PackId& pack : index_.packs()) {
    const std::string id = pack.hex();
    const bool is_there =
        std::ranges::any_of(names, [&](const std::string& name) { return name.ends_with(id); });
    if (!is_there) throw Violation{"the index names pack " + id + ", which is not there"};
  }
}

void StoreWorld::check_reader() {
  attempt("read beside it", [&] {
    const auto reader =
        store::Repository::open(backend_, settings(), passphrase(), store::Access::read, clock_);
    model_.compare(*reader, false);
    Proven proven;
    for (const auto& [id, point] : model_.points()) {
      if (point.standing == kShown) check_restore(*reader, point, proven);
    }
  });
}

void StoreWorld::empty_trash() {
  for (const std::uint64_t batch : objects_.discarded_batches()) objects_.empty_batch(batch);
}

}  // namespace simulation
