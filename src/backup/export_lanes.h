// Exports of one mailbox, a few calls side by side: each stream flows into the store as it arrives.
//
// Items are noted in the store while their batch still arrives, a few at a time: a run after a kill
// fetches again what had not arrived by then, less than a batch a lane.
#pragma once

#include "src/base/error.h"
#include "src/base/synchronized.h"
#include "src/graph/mailbox_service.h"
#include "store/repository.h"

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

namespace backup {

struct RunProgress;

struct ExportOutcome {
  enum class Kind : std::uint8_t {
    untried,  // the lanes stopped before its turn, or while it was under way
    stored,
    gone,    // not there any more
    failed,  // the service's final word
  };
  Kind kind = Kind::untried;
  bool kept = false;  // of stored: by an earlier run, which did not commit it
  store::StoredContent content;
  std::string change_key;  // of the version that was exported
  graph::UnitError error;
};

struct ExportUnit {
  graph::ExportRequest request;
  std::string change_key;  // of the version that was told
};

// Items to be exported together, and how each ended. Stays where it is while lanes work on it.
class ExportJob {
 public:
  ExportJob() = default;
  ExportJob(const ExportJob&) = delete;
  ExportJob& operator=(const ExportJob&) = delete;

  // Once, before submit(): ids do not repeat.
  void set_units(std::vector<ExportUnit> units);
  [[nodiscard]] std::span<const ExportUnit> units() const { return units_; }
  // In the order of the units; to be read after wait().
  [[nodiscard]] std::span<const ExportOutcome> outcomes() const { return outcomes_; }

 private:
  friend class ExportLanes;
  std::vector<ExportUnit> units_;
  std::vector<ExportOutcome> outcomes_;
  std::size_t open_batches_ = 0;  // guarded by the lanes' queue
};

// What ended the export of a mailbox early.
struct LaneFailure {
  base::Error error;
  bool by_store = false;  // else by the service
};

class ExportLanes {
 public:
  // In one call: fewer than the service takes, because what is under way on all lanes when a
  // process is killed is exported again. It costs requests, of which there are enough.
  static constexpr std::size_t kMostItems = 16;

  struct Settings {
    graph::MailboxId mailbox;
    std::size_t lanes = 1;  // 1: exports run in submit(), without threads
    // Called between batches, from any lane; does not throw.
    std::function<void()> on_safe_point;
  };

  // Collaborators outlive the lanes.
  ExportLanes(graph::MailboxService& service, store::TenantStore& store, RunProgress& progress,
              Settings settings, std::stop_token stop);
  // Stops what is under way. Jobs submitted outlive the lanes.
  ~ExportLanes();
  ExportLanes(const ExportLanes&) = delete;
  ExportLanes& operator=(const ExportLanes&) = delete;

  void submit(ExportJob& job);
  // Until every item of the job has its outcome.
  void wait(ExportJob& job);

  // Once set, what has not begun is left untried.
  [[nodiscard]] std::optional<LaneFailure> failure() const;

 private:
  struct Batch {
    ExportJob* job = nullptr;
    std::size_t first = 0;
    std::size_t count = 0;
  };
  struct Queue {
    std::deque<Batch> batches;
    std::optional<LaneFailure> failure;
  };

  void work_until_closed(const std::stop_token& closing);
  void work(const Batch& batch);
  // What ended the batch early, if anything did.
  std::optional<LaneFailure> run(const Batch& batch);
  // Takes what an earlier run stored; the places of the others.
  std::vector<std::size_t> take_kept(const Batch& batch);
  std::optional<LaneFailure> fetch(const Batch& batch, std::span<const std::size_t> places);
  void note(const Batch& batch, std::span<const std::size_t> stored);

  graph::MailboxService& service_;
  store::TenantStore& store_;
  RunProgress& progress_;
  Settings settings_;
  std::stop_source stop_;
  std::stop_callback<std::function<void()>> stop_with_run_;
  base::Synchronized<Queue> queue_;
  std::condition_variable_any changed_;
  std::vector<std::jthread> threads_;  // last: joined before anything they use goes
};

}  // namespace backup
