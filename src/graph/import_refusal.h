// What the service's refusal of an import means for the item and for its target.
#pragma once

#include "src/graph/mailbox_service.h"
#include "src/graph/service_error.h"

namespace graph {

// `status`: of the answer, or 0 where the refusal came otherwise.
ImportRefused import_refusal(int status, const ServiceError& error);

}  // namespace graph
