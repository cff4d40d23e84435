// A mailbox, the fake service that holds it, and a repository that it is backed up to and restored
// from.
#pragma once

#include "src/backup/backup_run.h"
#include "src/backup/notes.h"
#include "store/memory_backend.h"
#include "tests/support/fake_mailbox_service.h"
#include "tests/support/small_repository.h"

#include <map>
#include <string>
#include <vector>

namespace test {

// Contents of items, by folder path and item id.
using Contents = std::map<std::string, std::map<std::string, std::string>>;

struct BackupOptions {
  bool full = false;
  std::size_t lanes = 1;
  std::stop_token stop{};
};

class FakeTenant {
 public:
  // A mailbox with Inbox, Sent Items and a folder below Inbox, without items.
  FakeTenant();

  // Fills the inbox with items "item 0", "item 1", ...
  void fill_inbox(std::size_t items);

  // A run of this mailbox alone; the clock moves on by a day first.
  backup::MailboxReport back_up(const BackupOptions& options = {});
  backup::RunReport run(const std::vector<backup::Mailbox>& mailboxes,
                        const backup::RunSettings& settings, std::stop_token stop = {});

  // What the newest snapshot holds, and what the service has in folders that are backed up.
  [[nodiscard]] Contents stored();
  [[nodiscard]] Contents present() const;
  // The notes of the newest snapshot.
  [[nodiscard]] backup::MailboxNotes notes();
  [[nodiscard]] store::Snapshot newest();

  [[nodiscard]] const backup::Mailbox& mailbox() const { return mailbox_; }
  [[nodiscard]] FakeMailboxService& service() { return service_; }
  [[nodiscard]] SmallRepository& repository() { return repository_; }
  [[nodiscard]] store::MemoryBackend& backend() { return backend_; }

 private:
  store::MemoryBackend backend_;
  SmallRepository repository_{backend_};
  FakeMailboxService service_;
  backup::Mailbox mailbox_;
};

// The bytes of a stored stream.
std::string content_of(const store::TenantStore& store, const store::ContentRef& ref);
Contents contents_of(const store::TenantStore& store, const store::Snapshot& snapshot);
bool is_closed(const store::ItemCounts& counts);

}  // namespace test
