// Writes the inputs that fuzzing starts from into a folder (tests/fuzz/corpus): a folder for each
// target. Inputs that are there already and are not of its making stay.
#include "src/base/base64.h"
#include "src/base/text.h"
#include "src/daemon/control_frames.h"
#include "src/jobs/audit_log.h"
#include "src/jobs/job.h"
#include "src/jobs/told_entries.h"
#include "tests/fuzz/seeds.h"

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

namespace fuzz {
namespace {

void text_seed(const OnSeed& on_seed, std::string_view target, std::string_view name,
               std::string_view text) {
  on_seed(target, name, base::as_bytes(text));
}

void make_service_seeds(const OnSeed& on_seed) {
  const std::string stream = base::base64_encode(base::as_bytes("the stream of an item, opaque"));
  text_seed(on_seed, "export_scanner", "answer",
            base::text(
                "\x01\x02", R"({"@odata.context":"c","value":[{"itemId":"AAMk=","changeKey":)",
                R"("CQ==","data":")", stream, R"("},{"itemId":"B","error":{"code":)",
                R"("ErrorItemNotFound","message":"gone \u00e4\ud83d\ude00"}}],"n":[1.5e3,null]})"));
  text_seed(on_seed, "export_scanner", "damaged",
            R"(ab{"VALUE":[{"data":"AAA!","data":"QUJD","ItemId":7},{"data":null}]} )");
  text_seed(on_seed, "json", "types",
            R"({"text":"a\"\\\u0007","list":[1,-2,9007199254740993,1.5,true,null],"o":{}})");
  text_seed(on_seed, "entities", "item",
            R"({"id":"AAMk=","type":"IPM.Note","size":4711,"changeKey":"CQ==","categories":[],)"
            R"("createdDateTime":"2026-03-01T10:00:00Z","lastModifiedDateTime":)"
            R"("2026-03-01T10:00:01.5Z","singleValueExtendedProperties":[{"id":"String 0x37",)"
            R"("value":"Subject"},{"id":"SystemTime 0xe06","value":"2026-03-01T10:00:00Z"}]})");
  text_seed(on_seed, "entities", "folder",
            R"({"id":"AQMk","displayName":"Inbox","parentFolderId":"root","type":"IPF.Note",)"
            R"("totalItemCount":3,"childFolderCount":0,"wellKnownName":"inbox"})");
  text_seed(on_seed, "entities", "user",
            R"({"id":"8f1c","userPrincipalName":"ada@contoso.com","mail":"ada@contoso.com",)"
            R"("displayName":"Ada","proxyAddresses":["SMTP:ada@contoso.com"]})");
  text_seed(on_seed, "entities", "removed", R"({"id":"gone","@removed":{"reason":"deleted"}})");
  text_seed(on_seed, "service_error", "graph",
            R"(  {"error":{"code":"UnknownError","message":"m","innerError":{"code":"inner",)"
            R"("innerError":{"code":"deepest"}}}})");
  text_seed(on_seed, "service_error", "sign_in",
            "\x90\x01"
            R"({"error":"invalid_client","error_description":"AADSTS7000215: Invalid )"
            R"(secret","error_codes":[7000215]})");
  text_seed(on_seed, "service_error", "page", "\xf7\x01<html><body>Bad gateway</body></html>");
  const std::string next = R"( {"value":[{"id":"a","changeKey":"k","size":5}],"@odata.nextLink":)"
                           R"("https://graph.microsoft.com/v1.0/f?$skiptoken=1"})";
  const std::string last =
      R"( {"value":[{"id":"b","@removed":{"reason":"changed"}}],"@odata.deltaLink":)"
      R"("https://graph.microsoft.com/v1.0/f?$deltatoken=x"})";
  text_seed(on_seed, "change_feed", "items", base::text("\x04", next, '\0', last));
  text_seed(on_seed, "change_feed", "folders", base::text("\x05", last));
  text_seed(on_seed, "change_feed", "throttled", base::text("\x06", "*{}", '\0', last));
  text_seed(on_seed, "change_feed", "foreign",
            R"( {"value":[],"@odata.nextLink":"https://evil.example/f"})");
  text_seed(on_seed, "token_answer", "token",
            R"( {"token_type":"Bearer","expires_in":3599,"access_token":"eyJ0.e30.c2ln"})");
  text_seed(on_seed, "token_answer", "refused",
            R"(%{"error":"invalid_client","error_description":"AADSTS700016: no app"})");
}

void make_http_seeds(const OnSeed& on_seed) {
  text_seed(on_seed, "head_reader", "throttled",
            base::text("\xff\x7f", "HTTP/1.1 100 Continue\r\n\r\nHTTP/2 429\r\nRetry-After: 17\r\n",
                       "Date: Thu, 26 Nov 2026 07:00:00 GMT\r\n\r\n"));
  text_seed(
      on_seed, "head_reader", "dated",
      base::text("\xff\x01", "HTTP/1.1 503 Busy\nRETRY-AFTER: Thu, 26 Nov 2026 07:00:09 GMT\n"));
  text_seed(on_seed, "url", "graph", "https://Graph.Microsoft.com:443/v1.0/users?$top=5");
  text_seed(on_seed, "url", "v6", "http://[::1]:8080/");
  text_seed(on_seed, "url", "host", "outlook.office365.com:443");
  text_seed(on_seed, "url", "v4", "127.0.0.1:80");
  text_seed(on_seed, "allowed_hosts", "allowed",
            "https://graph.microsoft.com/v1.0\noutlook.office365.com\n"
            "https://outlook.office365.com:8443/import?token=1");
  text_seed(on_seed, "allowed_hosts", "refused",
            "graph.microsoft.com\nhttp://graph.microsoft.com/");
  text_seed(on_seed, "base64", "padded", "\x03QUJDREVGRw==");
  text_seed(on_seed, "base64", "malformed", "\x02QUJD=EVG");
  text_seed(on_seed, "dates", "rfc3339", "2026-11-23T02:00:00.123+05:30");
  text_seed(on_seed, "dates", "http", "Sun, 06 Nov 1994 08:49:37 GMT");
  text_seed(on_seed, "dates", "latest", "\xff\xff\xff\xff\xff\xff\xff\x7f");
}

void make_operator_seeds(const OnSeed& on_seed) {
  text_seed(on_seed, "configuration", "whole",
            "[store]\nurl = \"/srv/store\"\npassphrase_file = \"credential:key\"\n"
            "minimum_age = \"14d\"\n[tenant.Contoso]\ntenant_id = \"contoso.example\"\n"
            "api = \"folder-jobs\"\nimport_hosts = [\"[::1]:8443\"]\n"
            "[tenant.Contoso.backup_app]\nclient_id = \"b\"\nclient_secret_file = \"secret\"\n"
            "[policy.nightly]\ntenant = \"contoso\"\ninclude = [\"*\", \"type:shared\"]\n"
            "schedule = \"*-*-* 02:00:00\"\nwindow = [\"22:00-06:00\"]\njitter = \"15m\"\n"
            "[policy.nightly.retention]\nkeep_last = 7\nkeep_within = \"14d\"\n"
            "[limits]\nmemory = \"512MiB\"\n[web]\nlisten = \"0.0.0.0:8440\"\n");
  text_seed(on_seed, "configuration", "least",
            "[store]\nurl = \"s\"\npassphrase_file = \"p\"\n[tenant.c]\ntenant_id = \"c\"\n"
            "[tenant.c.backup_app]\nclient_id = \"b\"\nclient_secret_file = \"s\"\n");
  text_seed(on_seed, "configuration", "size", "512 MiB");
  text_seed(on_seed, "configuration", "duration", "14d");
  const std::string_view night = "\x10\x5e\xc8\x69";  // in the night in which Berlin's clocks skip
  text_seed(on_seed, "calendar", "event",
            base::text(night, "Mon,Wed..Fri 2026..2030/2-1/3,7-01..07 9..17/2,22:00/15:30"));
  text_seed(on_seed, "calendar", "from_end",
            base::text(night, "Sun *-03~07/1 02:30 Europe/Berlin"));
  text_seed(on_seed, "calendar", "shorthand", base::text(night, "quarterly UTC"));
  text_seed(on_seed, "calendar", "window", base::text(night, "Sat,Sun 22:00-06:30"));
  text_seed(on_seed, "folder_paths", "path", R"(Inbox/Projects\/2026/a\\b)");
  text_seed(on_seed, "folder_paths", "tree",
            base::text("\x04", "\xf0", '\x00', "\x01", "\x01", "\x05Inbox", '\x00', "\x12",
                       "\x04Work", "\x01", "\x21", "\x03Old", "\x01"));
  const auto words = [](std::initializer_list<std::string_view> list) {
    std::string line;
    for (const std::string_view word : list)
      line += base::text(line.empty() ? "" : std::string(1, '\0'), word);
    return line;
  };
  text_seed(on_seed, "arguments", "backup",
            words({"--json", "backup", "ada@contoso.com", "--policy", "nightly"}));
  text_seed(on_seed, "arguments", "restore",
            words({"restore", "ada@contoso.com", "--at", "latest", "--folder", "Inbox", "--into",
                   "Restored", "--dry-run"}));
  text_seed(on_seed, "arguments", "help", words({"find", "--help"}));
  text_seed(on_seed, "arguments", "slip", words({"chekc", "--ful"}));
  on_seed("audit_record", "entry",
          jobs::encode_record(
              {{"time", "2026-04-01T00:00:00Z"},
               {"by", jobs::Record{{"user", "anna"}, {"login", nullptr}}},
               {"what", jobs::Record{{"items", jobs::Value::List{1, -2, 0.5, true}}}}}));
  text_seed(on_seed, "time_of_restore_point", "time", "2026-03-31 23:33");
  text_seed(on_seed, "time_of_restore_point", "date", "2026-04-01");
  text_seed(on_seed, "time_of_restore_point", "id", "00000000000000000000000001");
  text_seed(on_seed, "time_of_restore_point", "instant", "2026-03-31T23:33:20.001Z");
  text_seed(on_seed, "text", "glob", "ada@contoso.com\n*@C?ntoso.*");
  text_seed(on_seed, "text", "foreign", "\x1b[31mred\xe2\x80\xae\xff%41%zz");
  text_seed(on_seed, "text", "hex", "00fFa1");
}

base::Bytes with_octet(char octet, base::ByteView rest) {
  base::Bytes input = base::to_bytes(base::as_bytes(std::string_view{&octet, 1}));
  base::append(input, rest);
  return input;
}

base::Bytes frame(appliance::FrameKind kind, base::ByteView content) {
  base::Bytes bytes = with_octet(static_cast<char>(kind), {});
  std::array<std::byte, 4> length{};
  base::store_le(length.data(), static_cast<std::uint32_t>(content.size()));
  base::append(bytes, length);
  base::append(bytes, content);
  return bytes;
}

void make_daemon_seeds(const OnSeed& on_seed) {
  jobs::Job job;
  job.id = "01KA2N7Q4Z0000000000000000";
  job.order.command = "backup";
  job.order.title = "Backup of policy nightly";
  job.order.words = {"backup", "--policy=nightly"};
  job.order.policy = "nightly";
  job.order.by_name = "schedule";
  job.order.occurrence = base::Instant{};
  job.state = jobs::JobState::ended;
  job.end = jobs::JobEnd::partial;
  job.exit_status = 3;
  job.summary = jobs::Record{{"type", "summary"}, {"problems", jobs::Value::List{1, "two"}}};
  on_seed("job_entries", "job", with_octet(1, jobs::encode_job(job)));
  base::Bytes entries;
  base::append(entries, jobs::encode_entry({jobs::Told::Kind::record, *job.summary, {}}));
  base::append(entries, jobs::encode_entry({jobs::Told::Kind::line, {}, "a line"}));
  base::append(entries, jobs::encode_entry({jobs::Told::Kind::error, job.summary, "an error"}));
  on_seed("job_entries", "output", with_octet(0, entries));
  on_seed("job_entries", "told",
          with_octet(2, jobs::encode_told({jobs::Told::Kind::record, *job.summary, {}})));
  using appliance::FrameKind;
  base::Error error{base::ErrorKind::in_use, "the store is lent"};
  error.add_context("opening the store");
  base::Bytes frames = frame(FrameKind::hello, jobs::encode_record({{"version", 1}}));
  base::append(frames, frame(FrameKind::progress,
                             jobs::encode_record(appliance::progress_message(
                                 {"2 of 3 mailboxes", 1, 2, 3, 4, base::Duration{5}}))));
  base::append(frames,
               frame(FrameKind::failed, jobs::encode_record(appliance::error_message(error))));
  on_seed("control_frame", "answers", frames);
  on_seed("control_frame", "lent", frame(FrameKind::lent, {}));
}

void write_seed(const std::filesystem::path& corpus, std::string_view target, std::string_view name,
                base::ByteView input) {
  const std::filesystem::path folder = corpus / target;
  std::filesystem::create_directories(folder);
  std::ofstream file{folder / name, std::ios::binary};
  file.write(base::as_text(input).data(), static_cast<std::streamsize>(input.size()));
  if (!file.flush()) throw std::runtime_error{base::text("cannot write ", folder.string())};
}

}  // namespace
}  // namespace fuzz

int main(int argument_count, char* arguments[]) {
  if (argument_count != 2) {
    std::fputs("usage: make_fuzz_corpus FOLDER\n", stderr);
    return 2;
  }
  const std::filesystem::path corpus{arguments[1]};
  const fuzz::OnSeed write = [&](std::string_view target, std::string_view name,
                                 base::ByteView input) {
    fuzz::write_seed(corpus, target, name, input);
  };
  fuzz::make_store_seeds(write);
  fuzz::make_service_seeds(write);
  fuzz::make_http_seeds(write);
  fuzz::make_operator_seeds(write);
  fuzz::make_daemon_seeds(write);
  return 0;
}
