// Exports items in batches, and goes after those that an answer left out.
#pragma once

#include "src/graph/api_client.h"
#include "src/graph/mailbox_service.h"

#include <span>
#include <stop_token>
#include <string>

namespace graph {

// Thread-safe.
class Exporter {
 public:
  // Both outlive it.
  Exporter(ApiClient& client, const Wiring& wiring) : client_(client), wiring_(wiring) {}

  // As MailboxService::export_units().
  void export_units(const MailboxId& mailbox, std::span<const ExportRequest> units,
                    ExportSink& sink, std::stop_token stop);

 private:
  class Job;

  ApiClient& client_;
  Wiring wiring_;
};

}  // namespace graph
