#include "src/backup/backup_run.h"

#include "src/backup/commit_group.h"
#include "src/backup/mailbox_backup.h"
#include "src/backup/problem.h"
#include "src/base/error.h"
#include "src/base/side_by_side.h"
#include "src/base/synchronized.h"

#include <functional>
#include <utility>

namespace backup {
namespace {

using base::Error;

// Mailboxes dealt out to workers, one after the other, until there are no more or the run is
// stopped.
class Run {
 public:
  Run(const Collaborators& with, const RunSettings& settings, const std::vector<Mailbox>& mailboxes,
      RunProgress& progress, std::stop_token stop)
      : with_(with),
        settings_(settings),
        mailboxes_(mailboxes),
        progress_(progress),
        asked_to_stop_(stop),
        stop_with_caller_(std::move(stop), [this] { stop_.request_stop(); }),
        commits_(with, settings,
                 [this](std::size_t mailbox, const store::Snapshot& snapshot,
                        const Error* failure) { committed(mailbox, snapshot, failure); }) {
    report_.lock()->mailboxes.resize(mailboxes.size());
  }

  RunReport run() {
    const auto work = with_.repository.begin_work();
    progress_.mailboxes_total += mailboxes_.size();
    base::run_side_by_side(mailboxes_.size(), settings_.concurrent_mailboxes,
                           [this](std::size_t mailbox) {
                             if (stop_.stop_requested()) {
                               leave_out(mailbox);
                             } else {
                               back_up(mailbox);
                             }
                           });
    commits_.commit();
    auto report = report_.lock();
    report->cancelled = asked_to_stop_.stop_requested();
    return std::move(*report);
  }

 private:
  void back_up(std::size_t mailbox) {
    MailboxResult result = backup_mailbox(
        with_, settings_, mailboxes_[mailbox], progress_, [this] { commits_.commit_if_due(); },
        stop_.get_token());
    {
      auto report = report_.lock();
      report->mailboxes[mailbox] = std::move(result.report);
      if (result.stops_run && !report->stopped_by) report->stopped_by = result.stops_run;
    }
    if (result.stops_run) stop_.request_stop();
    if (result.prepared) {
      commits_.add(mailbox, std::move(*result.prepared));
    } else {
      ++progress_.mailboxes_done;
    }
  }

  void leave_out(std::size_t mailbox) {
    auto report = report_.lock();
    MailboxReport& left_out = report->mailboxes[mailbox];
    left_out.address = mailboxes_[mailbox].address;
    left_out.mailbox_id = mailboxes_[mailbox].id.value;
    left_out.outcome = Outcome::skipped;
    left_out.failure = base::ErrorKind::cancelled;
    left_out.problems.push_back({left_out.address, "", "", "NotBegun",
                                 "the run was stopped before this mailbox's turn",
                                 "a rerun goes on from there"});
  }

  // A mailbox counts once its snapshot is acknowledged; whatever it was before, without that it has
  // failed.
  void committed(std::size_t mailbox, const store::Snapshot& snapshot, const Error* failure) {
    {
      auto report = report_.lock();
      MailboxReport& done = report->mailboxes[mailbox];
      if (failure == nullptr) {
        done.snapshot = snapshot;
      } else {
        done.outcome = Outcome::failed;
        done.failure = failure->kind();
        done.items = {};
        done.new_bytes = 0;
        done.stored_bytes = 0;
        done.problems.push_back(problem_of(done.address, "", *failure));
        if (!report->stopped_by) report->stopped_by = *failure;
      }
    }
    ++progress_.mailboxes_done;
    if (failure != nullptr) stop_.request_stop();
  }

  const Collaborators& with_;
  const RunSettings& settings_;
  const std::vector<Mailbox>& mailboxes_;
  RunProgress& progress_;
  std::stop_token asked_to_stop_;
  std::stop_source stop_;  // by the caller, or because the store can take no more
  std::stop_callback<std::function<void()>> stop_with_caller_;
  base::Synchronized<RunReport> report_;
  CommitGroup commits_;
};

}  // namespace

RunReport run_backup(const Collaborators& with, const RunSettings& settings,
                     const std::vector<Mailbox>& mailboxes, RunProgress& progress,
                     std::stop_token stop) {
  return Run{with, settings, mailboxes, progress, std::move(stop)}.run();
}

}  // namespace backup
