// A few things of a mailbox, to try something with.
#pragma once

#include "src/base/bytes.h"
#include "src/graph/mailbox_service.h"

#include <cstddef>
#include <map>
#include <stop_token>
#include <string>
#include <vector>

namespace appliance {

// All of the mailbox, the inbox first: it is the likeliest to hold anything.
std::vector<graph::Folder> folders_of(graph::MailboxService& service,
                                      const graph::MailboxId& mailbox, std::stop_token stop);

// Items that the folder tells of first, `count` at most; the rest of the listing is not waited for.
std::vector<graph::Item> first_items(graph::MailboxService& service,
                                     const graph::MailboxId& mailbox, const std::string& folder_id,
                                     std::size_t count, std::stop_token stop);

// Exported streams, whole in memory: for a few of them.
class KeepingSink final : public graph::ExportSink {
 public:
  void begin() override { stream_.clear(); }
  void data(base::ByteView piece) override { base::append(stream_, piece); }
  void end(const std::string& item_id, const std::string&) override {
    streams_[item_id] = std::move(stream_);
    stream_.clear();
  }
  void abandon() override { stream_.clear(); }
  void failed(const std::string& item_id, const graph::UnitError& error) override {
    failures_[item_id] = error;
  }

  // By item id.
  [[nodiscard]] const std::map<std::string, base::Bytes>& streams() const { return streams_; }
  [[nodiscard]] const std::map<std::string, graph::UnitError>& failures() const {
    return failures_;
  }

 private:
  base::Bytes stream_;
  std::map<std::string, base::Bytes> streams_;
  std::map<std::string, graph::UnitError> failures_;
};

}  // namespace appliance
