#include "src/backup/export_lanes.h"

#include "src/backup/backup_run.h"
#include "src/base/error.h"

#include <algorithm>
#include <exception>
#include <memory>
#include <unordered_map>
#include <utility>

namespace backup {
namespace {

using base::Error;
using base::ErrorKind;

// Items that are noted in the store together while their batch still arrives: what a kill costs is
// fetched again, and each note costs a write.
constexpr std::size_t kNotedTogether = 4;

// Leads the streams of one batch into the store and tells how each item ended.
class StoringSink final : public graph::ExportSink {
 public:
  // Items that are stored and not noted yet, by their places.
  using Note = std::function<void(std::span<const std::size_t> stored)>;

  // `places`: of the batch's outcomes, in the order of the requests.
  StoringSink(store::TenantStore& store, RunProgress& progress,
              std::span<const graph::ExportRequest> requests, std::span<const std::size_t> places,
              std::span<ExportOutcome> outcomes, Note note)
      : store_(store), progress_(progress), outcomes_(outcomes), note_(std::move(note)) {
    for (std::size_t i = 0; i < requests.size(); ++i) {
      index_.emplace(requests[i].item_id, places[i]);
    }
  }

  void begin() override {
    guarded([&] { writer_ = store_.new_content(); });
  }
  void data(base::ByteView piece) override {
    base::check(writer_ != nullptr, "a stream begins before its data");
    guarded([&] { writer_->append(piece); });
    progress_.bytes_exported += piece.size();
  }
  void end(const std::string& item_id, const std::string& change_key) override {
    base::check(writer_ != nullptr, "a stream begins before it ends");
    const std::unique_ptr<store::ContentWriter> writer = std::move(writer_);
    ExportOutcome* outcome = open_outcome(item_id);
    if (outcome == nullptr) return;
    guarded([&] { outcome->content = writer->finish(); });
    outcome->change_key = change_key;
    close(*outcome, ExportOutcome::Kind::stored);
    unnoted_.push_back(index_.at(item_id));
    if (unnoted_.size() >= kNotedTogether) note_stored();
  }
  void abandon() override { writer_.reset(); }
  void failed(const std::string& item_id, const graph::UnitError& error) override {
    ExportOutcome* outcome = open_outcome(item_id);
    if (outcome == nullptr) return;
    outcome->error = error;
    close(*outcome, error.is_gone ? ExportOutcome::Kind::gone : ExportOutcome::Kind::failed);
  }

  // What was stored since the last note.
  void note_stored() {
    if (unnoted_.empty()) return;
    guarded([&] { note_(unnoted_); });
    unnoted_.clear();
  }

  // Items without an answer: the service's final word is then ours.
  void fail_the_rest(const graph::UnitError& error) {
    for (const auto& [item_id, place] : index_) {
      ExportOutcome& outcome = outcomes_[place];
      if (outcome.kind != ExportOutcome::Kind::untried) continue;
      outcome.error = error;
      close(outcome, ExportOutcome::Kind::failed);
    }
  }

  // What the store threw, whatever the service made of it.
  [[nodiscard]] std::exception_ptr store_failure() const { return store_failure_; }

 private:
  template <typename Action>
  void guarded(Action action) {
    try {
      action();
    } catch (...) {
      store_failure_ = std::current_exception();
      throw;
    }
  }

  // Null for an item that was not asked for, or has its outcome: the first word counts.
  ExportOutcome* open_outcome(const std::string& item_id) {
    const auto found = index_.find(item_id);
    if (found == index_.end()) return nullptr;
    ExportOutcome& outcome = outcomes_[found->second];
    return outcome.kind == ExportOutcome::Kind::untried ? &outcome : nullptr;
  }

  void close(ExportOutcome& outcome, ExportOutcome::Kind kind) {
    outcome.kind = kind;
    ++progress_.items_done;
  }

  store::TenantStore& store_;
  RunProgress& progress_;
  std::span<ExportOutcome> outcomes_;
  std::unordered_map<std::string, std::size_t> index_;
  Note note_;
  std::vector<std::size_t> unnoted_;
  std::unique_ptr<store::ContentWriter> writer_;
  std::exception_ptr store_failure_;
};

Error as_error(const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (...) {
    return base::current_error();
  }
}

}  // namespace

void ExportJob::set_units(std::vector<ExportUnit> units) {
  units_ = std::move(units);
  outcomes_.resize(units_.size());
}

ExportLanes::ExportLanes(graph::MailboxService& service, store::TenantStore& store,
                         RunProgress& progress, Settings settings, std::stop_token stop)
    : service_(service),
      store_(store),
      progress_(progress),
      settings_(std::move(settings)),
      stop_with_run_(std::move(stop), [this] { stop_.request_stop(); }) {}

ExportLanes::~ExportLanes() {
  stop_.request_stop();
  for (std::jthread& thread : threads_) thread.request_stop();
}

void ExportLanes::submit(ExportJob& job) {
  // So that no call of the service has to be divided.
  graph::BatchLimits limits = service_.batch_limits();
  limits.items = std::min(limits.items, kMostItems);
  std::deque<Batch> batches;
  std::uint64_t bytes = 0;
  for (std::size_t i = 0; i < job.units_.size(); ++i) {
    const std::uint64_t unit_bytes = job.units_[i].request.size_bytes;
    if (batches.empty() || batches.back().count == limits.items ||
        bytes + unit_bytes > limits.bytes) {
      batches.push_back({&job, i, 0});
      bytes = 0;
    }
    ++batches.back().count;
    bytes += unit_bytes;
  }
  job.open_batches_ = batches.size();
  if (settings_.lanes <= 1) {
    for (const Batch& batch : batches) work(batch);
    return;
  }
  const std::size_t wanted_threads = std::min(settings_.lanes, threads_.size() + batches.size());
  {
    auto queue = queue_.lock();
    queue->batches.insert(queue->batches.end(), batches.begin(), batches.end());
  }
  changed_.notify_all();
  while (threads_.size() < wanted_threads) {
    threads_.emplace_back([this](const std::stop_token& closing) { work_until_closed(closing); });
  }
}

void ExportLanes::wait(ExportJob& job) {
  auto queue = queue_.lock();
  // Without a stop token: batches of a stopped run come back at once, untried.
  queue.wait(changed_, std::stop_token{}, [&](Queue&) { return job.open_batches_ == 0; });
}

std::optional<LaneFailure> ExportLanes::failure() const { return queue_.lock()->failure; }

void ExportLanes::work_until_closed(const std::stop_token& closing) {
  for (;;) {
    Batch batch;
    {
      auto queue = queue_.lock();
      queue.wait(changed_, closing, [](Queue& waiting) { return !waiting.batches.empty(); });
      if (queue->batches.empty()) return;
      batch = queue->batches.front();
      queue->batches.pop_front();
    }
    work(batch);
  }
}

void ExportLanes::work(const Batch& batch) {
  std::optional<LaneFailure> failed;
  if (!stop_.stop_requested() && !failure()) {
    failed = run(batch);
    if (settings_.on_safe_point) settings_.on_safe_point();
  }
  auto queue = queue_.lock();
  if (failed && !queue->failure) queue->failure = std::move(failed);
  --batch.job->open_batches_;
  changed_.notify_all();
}

std::optional<LaneFailure> ExportLanes::run(const Batch& batch) {
  try {
    const std::vector<std::size_t> places = take_kept(batch);
    if (places.empty()) return std::nullopt;
    return fetch(batch, places);
  } catch (...) {
    return LaneFailure{base::current_error(), true};
  }
}

std::optional<LaneFailure> ExportLanes::fetch(const Batch& batch,
                                              std::span<const std::size_t> places) {
  std::vector<graph::ExportRequest> requests;
  for (const std::size_t place : places) requests.push_back(batch.job->units_[place].request);
  const auto note_these = [&](std::span<const std::size_t> stored) { note(batch, stored); };
  StoringSink sink{store_, progress_, requests, places, batch.job->outcomes_, note_these};
  std::optional<LaneFailure> failed;
  try {
    service_.export_units(settings_.mailbox, requests, sink, stop_.get_token());
    if (!sink.store_failure()) {
      sink.fail_the_rest({"NoAnswer", "the service did not answer for this item", false});
    }
  } catch (...) {
    const Error error = base::current_error();
    if (error.kind() == ErrorKind::protocol && !sink.store_failure()) {
      sink.fail_the_rest({"BadAnswer", error.what(), false});
    } else {
      failed = LaneFailure{error, false};
    }
  }
  if (!sink.store_failure()) sink.note_stored();
  // The store's own words, whatever the service made of them.
  if (sink.store_failure()) failed = LaneFailure{as_error(sink.store_failure()), true};
  return failed;
}

std::vector<std::size_t> ExportLanes::take_kept(const Batch& batch) {
  std::vector<std::size_t> others;
  for (std::size_t place = batch.first; place < batch.first + batch.count; ++place) {
    const ExportUnit& unit = batch.job->units_[place];
    const std::optional<store::ContentRef> kept =
        store_.exported(settings_.mailbox.value, unit.request.item_id, unit.change_key);
    if (!kept) {
      others.push_back(place);
      continue;
    }
    ExportOutcome& outcome = batch.job->outcomes_[place];
    outcome.kind = ExportOutcome::Kind::stored;
    outcome.kept = true;
    outcome.content.ref = *kept;
    outcome.change_key = unit.change_key;
    progress_.bytes_to_export -= unit.request.size_bytes;
    ++progress_.items_done;
  }
  return others;
}

void ExportLanes::note(const Batch& batch, std::span<const std::size_t> stored) {
  std::vector<store::ExportedItem> items;
  for (const std::size_t place : stored) {
    const ExportUnit& unit = batch.job->units_[place];
    const ExportOutcome& outcome = batch.job->outcomes_[place];
    items.push_back({unit.request.item_id,
                     outcome.change_key.empty() ? unit.change_key : outcome.change_key,
                     outcome.content.ref});
  }
  store_.note_exported(settings_.mailbox.value, items);
}

}  // namespace backup
