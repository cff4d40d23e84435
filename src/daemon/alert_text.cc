#include "src/daemon/alert_text.h"

#include "src/base/base64.h"
#include "src/base/text.h"
#include "src/http/mail_transport.h"
#include "src/jobs/record.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

namespace appliance {
namespace {

using jobs::AlertEvent;
using jobs::Record;
using jobs::Value;

std::string capital(std::string_view word) {
  std::string result{word};
  if (!result.empty() && result.front() >= 'a' && result.front() <= 'z') {
    result.front() = static_cast<char>(result.front() - 'a' + 'A');
  }
  return result;
}

// "Critical: Backup of policy nightly failed", "Over: …"
std::string headline(const jobs::DueMessage& message) {
  const jobs::AlertMessage& told = message.message;
  if (told.event == AlertEvent::test) return told.subject;
  if (told.event == AlertEvent::over) return base::text("Over: ", told.subject);
  return base::text(capital(jobs::name(told.severity)),
                    told.event == AlertEvent::reopened ? " again: " : ": ", told.subject);
}

// "Since 2026-11-23T02:00:00Z", and until when, if it is over.
std::string period(const jobs::DueMessage& message) {
  const std::string since = base::text("Since ", base::format_rfc3339(message.opened));
  return message.closed ? base::text(since, ", until ", base::format_rfc3339(*message.closed))
                        : since;
}

// Unlike a TextBlock, a run of text is shown as it is: it knows no markup, so no link can be
// smuggled in by what a mailbox or a folder is called.
Record card_line(const std::string& text, Record style = {}) {
  style.set("type", "TextRun").set("text", text);
  return Record{{"type", "RichTextBlock"}, {"inlines", Value::List{std::move(style)}}};
}

Record card_of(const jobs::DueMessage& message, const std::string& host) {
  const jobs::AlertMessage& told = message.message;
  const bool is_good = told.event == AlertEvent::over || told.event == AlertEvent::test;
  const char* color = is_good                                     ? "Good"
                      : told.severity == jobs::Severity::critical ? "Attention"
                                                                  : "Warning";
  Value::List body{
      card_line(headline(message), {{"size", "Medium"}, {"weight", "Bolder"}, {"color", color}}),
      card_line(told.message)};
  if (told.event != AlertEvent::over) {
    body.emplace_back(card_line(base::text("What to do: ", told.next_step)));
  }
  body.emplace_back(card_line(base::text(period(message), "; coffer on ", host),
                              {{"size", "Small"}, {"isSubtle", true}}));
  return Record{{"$schema", "http://adaptivecards.io/schemas/adaptive-card.json"},
                {"type", "AdaptiveCard"},
                {"version", "1.4"},
                {"body", std::move(body)}};
}

bool is_plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

// Encoded words (RFC 2047) for what is not ASCII, or too long for a line; no control character is
// left that could end the header.
std::string header_text(const std::string& text) {
  constexpr std::size_t kMostPlain = 69;    // of a line of 78, behind "Subject: "
  constexpr std::size_t kMostOfAWord = 39;  // 52 characters of base64, with the rest below 76
  std::string_view rest = text;
  if (is_plain(text) && text.size() <= kMostPlain && text.find("=?") == std::string::npos) {
    return text;
  }
  std::string result;
  while (!rest.empty()) {
    std::size_t size = std::min(rest.size(), kMostOfAWord);
    // Not within a character.
    while (size < rest.size() && (static_cast<unsigned char>(rest[size]) & 0xc0) == 0x80) --size;
    result += base::text(result.empty() ? "" : "\r\n ", "=?UTF-8?B?",
                         base::base64_encode(base::as_bytes(rest.substr(0, size))), "?=");
    rest.remove_prefix(size);
  }
  return result;
}

// "Mon, 23 Nov 2026 02:00:00 +0000"
std::string mail_date(base::Instant instant) {
  static constexpr std::array kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = std::chrono::floor<std::chrono::days>(instant);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss time{std::chrono::floor<std::chrono::seconds>(instant - day)};
  return fmt::format(
      "{}, {} {} {} {:02}:{:02}:{:02} +0000", kDays.at(std::chrono::weekday{day}.c_encoding()),
      static_cast<unsigned>(date.day()), kMonths.at(static_cast<unsigned>(date.month()) - 1),
      static_cast<int>(date.year()), time.hours().count(), time.minutes().count(),
      time.seconds().count());
}

std::vector<std::string> body_lines(const jobs::DueMessage& message, const std::string& host) {
  const jobs::AlertMessage& told = message.message;
  std::vector<std::string> lines{headline(message), "", told.message, ""};
  if (told.event != AlertEvent::over) {
    lines.push_back(base::text("What to do: ", told.next_step));
    lines.emplace_back();
  }
  lines.push_back(period(message));
  lines.push_back(base::text("Alert ", message.alert_id, " of coffer on ", host));
  return lines;
}

// The fields that say how the body is written, an empty line, and the body.
std::string encoded_body(const std::vector<std::string>& lines) {
  constexpr std::size_t kLongestLine = 900;  // SMTP takes 998
  constexpr std::size_t kEncodedLine = 76;
  std::string body;
  bool is_ascii = true;
  for (const std::string& line : lines) {
    is_ascii = is_ascii && is_plain(line) && line.size() <= kLongestLine;
    body += line + "\r\n";
  }
  const std::string type = "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: ";
  if (is_ascii) return base::text(type, "7bit\r\n\r\n", body);
  const std::string encoded = base::base64_encode(base::as_bytes(body));
  std::string result = type + "base64\r\n\r\n";
  for (std::size_t at = 0; at < encoded.size(); at += kEncodedLine) {
    result += encoded.substr(at, kEncodedLine) + "\r\n";
  }
  return result;
}

}  // namespace

std::string webhook_body(const jobs::DueMessage& message, const std::string& host) {
  const jobs::AlertMessage& told = message.message;
  Record alert{{"type", "alert"},
               {"id", message.alert_id},
               {"kind", jobs::name(message.kind)},
               {"severity", jobs::name(told.severity)},
               {"subject", told.subject},
               {"message", told.message},
               {"next_step", told.next_step},
               {"opened", message.opened},
               {"closed", message.closed}};
  Record attachment{{"contentType", "application/vnd.microsoft.card.adaptive"},
                    {"contentUrl", nullptr},
                    {"content", card_of(message, host)}};
  return jobs::to_json({{"type", "message"},
                        {"event", jobs::name(told.event)},
                        {"message_id", message.id},
                        {"time", told.time},
                        {"host", host},
                        {"alert", std::move(alert)},
                        {"attachments", Value::List{std::move(attachment)}}});
}

std::string mail_text(const jobs::DueMessage& message, const MailEnvelope& envelope) {
  // An id has the form of an address.
  const bool is_usable = http::is_mail_address("x@" + envelope.host);
  const std::string place = is_usable ? envelope.host : "localhost";
  const auto id = [&](const std::string& of) { return base::text("<", of, "@", place, ">"); };
  std::string text = base::text("Date: ", mail_date(message.message.time),
                                "\r\nMessage-ID: ", id(message.id), "\r\n");
  if (message.id != message.first_id) {
    text += base::text("In-Reply-To: ", id(message.first_id),
                       "\r\nReferences: ", id(message.first_id), "\r\n");
  }
  text += base::text("From: coffer <", envelope.from, ">\r\nTo: <", envelope.to, ">\r\nSubject: ",
                     header_text(base::printable(base::text("[coffer] ", headline(message)))),
                     "\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n");
  return text + encoded_body(body_lines(message, envelope.host));
}

}  // namespace appliance
