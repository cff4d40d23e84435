#include "store/scrub.h"

#include "store/internal/scrub_run.h"

namespace store {

CheckReport scrub(Backend& backend, const ScrubSettings& settings, base::Clock& clock,
                  const OnProgress& on_progress, const std::stop_token& stop) {
  PackSurvey survey;
  return run_scrub(backend, settings, clock, on_progress, stop, survey);
}

}  // namespace store
