// A repository in memory with all that it stands on, which can die at any moment and is opened
// again; and the model of what it must hold.
#pragma once

#include "src/base/error.h"
#include "src/base/secret.h"
#include "store/memory_backend.h"
#include "store/repository.h"
#include "tests/simulation/dice.h"
#include "tests/simulation/store_faults.h"
#include "tests/simulation/store_model.h"
#include "tests/support/memory_index.h"
#include "tests/support/virtual_clock.h"

#include <cstdint>
#include <exception>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace simulation {

// How something ended.
enum class Outcome : std::uint8_t {
  done,
  refused,   // for a reason that was to be expected; nothing has happened
  failed,    // after a fault: nobody can tell what has happened
  power_cut  // the same, and nothing works before the store is opened again
};

class StoreWorld {
 public:
  explicit StoreWorld(Dice& dice);
  StoreWorld(const StoreWorld&) = delete;
  StoreWorld& operator=(const StoreWorld&) = delete;

  [[nodiscard]] store::Repository& repository() { return *repository_; }
  [[nodiscard]] StoreModel& model() { return model_; }
  [[nodiscard]] test::VirtualClock& clock() { return clock_; }
  [[nodiscard]] StoreFaults& faults() { return faults_; }
  [[nodiscard]] FaultyBackend& backend() { return backend_; }
  [[nodiscard]] store::MemoryBackend& objects() { return objects_; }

  // What was done, a line each, for those who look into a failure.
  void note(std::string line);
  [[nodiscard]] const std::vector<std::string>& notes() const { return notes_; }
  [[nodiscard]] std::string& indent() { return indent_; }

  // Whether a fault has happened since the store was opened: then much may fail until it is opened
  // again.
  [[nodiscard]] bool is_degraded() const { return faults_.happened() != faults_at_opening_; }
  // Does it, and notes how it ended. An error that neither a fault nor `expected` explains is a
  // violation.
  template <typename Act>
  Outcome attempt(std::string what, Act act,
                  std::optional<base::ErrorKind> expected = std::nullopt) {
    return judge(std::move(what), expected, [&]() -> std::exception_ptr {
      try {
        act();
        return nullptr;
      } catch (...) {
        return std::current_exception();
      }
    }());
  }

  // Nobody may use the repository any more: it is dropped, and what it did not finish with it.
  void close() { repository_.reset(); }
  enum class Opening : std::uint8_t { as_it_is, with_new_index };
  // Opens it, however often the power is cut or the disk fails meanwhile; settles what is in doubt.
  void open(Opening opening = Opening::as_it_is);
  // From now on nothing fails while it is opened.
  void calm_down() { is_calm_ = true; }

  // Of any kind, soon.
  void plan_fault();

  // The index that is there now may come back later.
  void keep_index() { kept_.push_back(index_.written()); }
  // While closed: one from earlier, one that lacks the last writes, or none.
  void put_back_index();

  // Throws for what is wrong in it.
  void judge(const store::CheckReport& report) const;
  // Contents that were read and found right, by chunk, and the number of their stream.
  using Proven = std::map<store::ChunkId, std::size_t>;
  // Reads the restore point whole, but for what is proven already.
  void check_restore(store::Repository& repository, const StoreModel::Point& point, Proven& proven);
  // Everything that is promised, but for what a fault explains. No fault happens meanwhile.
  void check_promises();
  // The same from another process, which only reads.
  void check_reader();
  // Whatever is in the trash is gone: nothing may be needed from there any more.
  void empty_trash();

 private:
  [[nodiscard]] store::Repository::Settings settings();
  Outcome judge(std::string what, std::optional<base::ErrorKind> expected,
                const std::exception_ptr& thrown);
  void check_index() const;

  Dice& dice_;
  std::vector<std::string> notes_;
  std::string indent_;
  test::VirtualClock clock_;
  store::MemoryBackend objects_;
  StoreFaults faults_;
  FaultyBackend backend_{objects_, faults_};
  test::MemoryIndex index_;
  std::vector<test::MemoryIndex::Batches> kept_;
  StoreModel model_;
  bool is_calm_ = false;
  bool lacks_packs_ = false;  // those that could not be read when it was opened
  std::uint64_t faults_at_opening_ = 0;
  std::unique_ptr<store::Repository> repository_;
};

}  // namespace simulation
