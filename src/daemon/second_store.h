// A second store, beside the one of the configuration: where it lies, and copying to it.
#pragma once

#include "src/base/clock.h"
#include "src/daemon/appliance.h"
#include "src/daemon/configuration.h"
#include "store/copy.h"
#include "store/repository.h"

#include <stop_token>
#include <string>

namespace appliance {

// As the configuration would have it for that url: its index beside it, the same keys, parity if
// the first has it. A relative path is relative to the working directory. Error(usage) for what is
// no directory, and where the two stores or their indexes would lie in each other.
StoreSettings second_store(const StoreSettings& first, const std::string& url);

// Makes the second store if there is none, and copies what it has never had from the first, which
// is open as `from`. Errors of
// store::Repository::prepare_second(), open() and copy_to(). What was not copied is in the report.
store::CopyReport copy_store(OpenStore& from, const StoreSettings& first,
                             const StoreSettings& second, base::Clock& clock,
                             const store::OnProgress& on_progress, std::stop_token stop);

}  // namespace appliance
