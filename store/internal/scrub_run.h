// One run of a scrub, with what it learned of each pack.
#pragma once

#include "store/internal/pack_survey.h"
#include "store/scrub.h"

namespace store {

CheckReport run_scrub(Backend& backend, const ScrubSettings& settings, base::Clock& clock,
                      const OnProgress& on_progress, const std::stop_token& stop,
                      PackSurvey& survey);

}  // namespace store
