#include "src/graph/import_refusal.h"

#include "src/base/text.h"

namespace graph {

ImportRefused import_refusal(int status, const ServiceError& error) {
  ImportRefused refused{{error.code, error.message, false}, false};
  if (refused.error.code.empty()) refused.error.code = base::text("HTTP ", status);
  if (refused.error.message.empty()) {
    refused.error.message = base::text("the service answered ", status);
  }
  refused.error.is_gone = error.is_any_of(
      {"ErrorItemNotFound", "itemNotFound", "ErrorFolderNotFound", "ResourceNotFound"});
  refused.target_full =
      status == 507 || error.is_any_of({"ErrorQuotaExceeded", "quotaLimitReached",
                                        "ErrorMailboxFull", "ErrorMessageSizeExceededQuota"});
  return refused;
}

}  // namespace graph
