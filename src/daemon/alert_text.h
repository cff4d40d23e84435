// What receivers of alerts get: the body of a webhook's request, and a mail. Pure.
#pragma once

#include "src/jobs/alert_book.h"

#include <string>

namespace appliance {

// One JSON object that scripts read ("event", "host", "alert") and that Teams shows (its "type" is
// "message", with an Adaptive Card in "attachments"). Texts of others stand in it where nothing
// takes them for markup. Below 28 KB, which is what Teams takes.
std::string webhook_body(const jobs::DueMessage& message, const std::string& host);

struct MailEnvelope {
  std::string from;  // addresses as http::is_mail_address() takes them
  std::string to;
  std::string host;  // what this machine is called, for people and in the message's id
};
// The message as mail (RFC 5322), lines ended by CRLF, ASCII only. The messages of an alert refer
// to its first, so that mail programs show them together.
std::string mail_text(const jobs::DueMessage& message, const MailEnvelope& envelope);

}  // namespace appliance
