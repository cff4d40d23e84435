// Rounds of a change feed against a service that answers anything.
#include "src/graph/change_feed.h"

#include "src/http/url.h"
#include "tests/fuzz/scripted_service.h"
#include "tests/fuzz/targets.h"

namespace fuzz {
namespace {

using base::ErrorKind;

constexpr std::string_view kService = "https://graph.microsoft.com/";

bool is_own(std::string_view url) {
  const auto parsed = http::parse_url(url);
  return parsed && parsed->origin == http::parse_url(kService)->origin;
}

template <typename Read>
void attempt(ScriptedService& service, Read read) {
  graph::Tenant tenant{scripted_tenant_settings(), service.transport(), service.clock()};
  const auto round = unless_refused(
      {ErrorKind::protocol, ErrorKind::not_found, ErrorKind::denied, ErrorKind::unavailable},
      [&] { return read(tenant.mailboxes()); });
  const auto* complete = round ? std::get_if<graph::RoundComplete>(&*round) : nullptr;
  hold(complete == nullptr || is_own(complete->next.value), "a cursor leads to the service itself");
  for (const test::SentRequest& request : service.transport().requests()) {
    hold(is_own(request.url), "nothing is sent to anybody else");
  }
}

}  // namespace

// An octet chooses what is read; the rest are the answers.
void fuzz_change_feed(base::ByteView input) {
  InputReader reader{input};
  const std::uint8_t choice = reader.octet();
  ScriptedService service{base::as_text(reader.rest())};
  const graph::MailboxId mailbox{"MBX:one@tenant"};
  std::optional<graph::Cursor> since;
  if ((choice & 2) != 0) since = graph::Cursor{std::string{kService} + "v1.0/f?$deltatoken=old"};
  attempt(service, [&](graph::MailboxService& mailboxes) {
    if ((choice & 1) != 0) {
      return mailboxes.folder_changes(mailbox, since, [](const graph::FolderChange&) {}, {});
    }
    return mailboxes.item_changes(mailbox, "AAMk=", since,
                                  [](graph::ItemChange change) {
                                    const auto* item = std::get_if<graph::Item>(&change);
                                    hold(item == nullptr || !item->id.empty(),
                                         "an item that is told has an id");
                                  },
                                  {});
  });
}

}  // namespace fuzz
