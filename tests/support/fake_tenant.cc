#include "tests/support/fake_tenant.h"

#include "src/backup/mailbox_base.h"
#include "src/base/text.h"
#include "src/catalog/folder_paths.h"

#include <algorithm>

namespace test {

FakeTenant::FakeTenant() {
  service_.add_folder("inbox", "Inbox", "root", "inbox");
  service_.add_folder("sent", "Sent Items", "root", "sentitems");
  service_.add_folder("work", "Work/2026", "inbox");
  service_.add_folder("outbox", "Outbox", "root", "outbox");
  service_.add_folder("found", "Unread mail", "root", "", true);
  mailbox_.user.id = "user-1";
  mailbox_.user.display_name = "Ann";
  mailbox_.address = "ann@contoso.com";
  mailbox_.id = {"MBX:1"};
  mailbox_.purpose = graph::MailboxPurpose::user;
  mailbox_.purpose_seen = repository_.clock().now();
  mailbox_.policy = "nightly";
}

void FakeTenant::fill_inbox(std::size_t items) {
  for (std::size_t i = 0; i < items; ++i) {
    const std::string id = base::text("item ", i);
    service_.put_item("inbox", id, base::text("body of ", id, "|key of ", id));
  }
}

backup::MailboxReport FakeTenant::back_up(const BackupOptions& options) {
  backup::RunSettings settings;
  settings.concurrent_mailboxes = 1;
  settings.lanes_per_mailbox = options.lanes;
  settings.full = options.full;
  return run({mailbox_}, settings, options.stop).mailboxes.at(0);
}

backup::RunReport FakeTenant::run(const std::vector<backup::Mailbox>& mailboxes,
                                  const backup::RunSettings& settings, std::stop_token stop) {
  repository_.clock().advance(std::chrono::hours{24});
  service_.forget_calls();
  backup::RunSettings of_tenant = settings;
  of_tenant.tenant = SmallRepository::kTenant;
  backup::RunProgress progress;
  return backup::run_backup({service_, repository_.repository(), repository_.clock()}, of_tenant,
                            mailboxes, progress, std::move(stop));
}

store::Snapshot FakeTenant::newest() {
  return repository_.repository().snapshots_of(SmallRepository::kTenant, mailbox_.id.value).back();
}

Contents FakeTenant::stored() { return contents_of(repository_.tenant(), newest()); }

Contents FakeTenant::present() const {
  Contents present;
  for (const auto& [id, path] : std::map<std::string, std::string>{{"root", ""},
                                                                   {"inbox", "Inbox"},
                                                                   {"sent", "Sent Items"},
                                                                   {"work", "Inbox/Work\\/2026"}}) {
    if (!service_.has_folder(id)) continue;
    for (const auto& [item_id, item] : service_.items(id)) present[path][item_id] = item.content;
  }
  return present;
}

backup::MailboxNotes FakeTenant::notes() {
  return backup::notes_of(repository_.tenant(), newest()).value();
}

std::string content_of(const store::TenantStore& store, const store::ContentRef& ref) {
  const auto reader = store.open_content(ref);
  std::string content;
  base::Bytes piece(64 << 10);
  while (const std::size_t size = reader->read(piece)) {
    content += base::as_text(base::ByteView{piece}.first(size));
  }
  return content;
}

Contents contents_of(const store::TenantStore& store, const store::Snapshot& snapshot) {
  const auto reader = store.open_snapshot(snapshot);
  const catalog::FolderPaths paths{reader->folders()};
  Contents contents;
  reader->items([&](const store::ItemEntry& item) {
    contents[paths.path(item.folder_id)][item.id] = content_of(store, item.content);
    return true;
  });
  return contents;
}

bool is_closed(const store::ItemCounts& counts) {
  return counts.listed == counts.stored + counts.unchanged + counts.skipped + counts.failed;
}

}  // namespace test
