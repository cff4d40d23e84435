// Letting restore points go, and keeping them: what people say becomes what the store is told.
#pragma once

#include "src/base/clock.h"
#include "src/jobs/record.h"
#include "src/jobs/retention_job.h"
#include "store/prune.h"
#include "store/repository.h"
#include "store/retention.h"

#include <string>
#include <string_view>
#include <vector>

namespace jobs {

// The retention plan of all that the store shows, with its holds.
RetentionReport plan_retention_of(const store::Repository& repository,
                                  const std::vector<RetentionPolicy>& policies, base::Instant now);
// What the plan does not keep.
std::vector<store::Forgetting> forgettings_of(const RetentionReport& report);

// Restore points by their ids, whole or the unique beginning of one, in the order of the ids.
// Error(not_found) naming the first that there is not.
std::vector<store::Snapshot> shown_by_id(const store::Repository& repository,
                                         const std::vector<std::string>& ids);
std::vector<store::Snapshot> forgotten_by_id(const store::Repository& repository,
                                             const std::vector<std::string>& ids);

// What forgetting these by name would do: all of them go ("named"), except what is held ("hold"),
// for which the whole is refused. One that is named twice is one. Pure.
RetentionReport plan_named(std::vector<store::Snapshot> points, const IsHeld& is_held);

// Error(usage) naming the first that is younger than `minimum_age`: nothing younger ever goes.
void require_old_enough(const std::vector<store::Snapshot>& points, base::Duration minimum_age,
                        base::Instant now);

// Whether a hold covers it.
bool is_held(const std::vector<store::Hold>& holds, const store::Snapshot& snapshot);

// A hold on what `subject` means: the id of a restore point, shown or forgotten, or else a mailbox
// as catalog::restore_points_of() takes it.
store::Hold new_hold(const store::Repository& repository, std::string_view subject,
                     std::string reason, base::Instant now);

// {"type":"forgotten",...}: one that can be recalled.
Record forgotten_record(const store::ForgottenSnapshot& forgotten);
// {"type":"hold",...}.
Record hold_record(const store::Hold& hold);
// {"type":"summary","command":"prune",...}.
Record prune_summary(const store::PruneReport& report, bool dry_run, double seconds);

}  // namespace jobs
