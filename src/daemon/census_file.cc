#include "src/daemon/census_file.h"

#include "src/base/error.h"
#include "src/base/file.h"
#include "src/daemon/set_aside.h"
#include "src/jobs/audit_log.h"
#include "src/jobs/record.h"
#include "src/jobs/record_reader.h"

#include <utility>

namespace appliance {
namespace {

constexpr std::string_view kWhat = "the file of accounts";
constexpr std::uint64_t kVersion = 1;
// 100,000 accounts take about 50 MiB.
constexpr std::size_t kMostBytes = std::size_t{256} << 20;

std::string_view name(SeenAccount::Kind kind) {
  switch (kind) {
    case SeenAccount::Kind::mailbox:
      return "mailbox";
    case SeenAccount::Kind::unsupported:
      return "unsupported";
    case SeenAccount::Kind::missing:
      return "missing";
  }
  return "";
}

jobs::Record record_of(const SeenAccount& account) {
  return jobs::Record{{"kind", name(account.kind)},
                      {"user_id", account.user_id},
                      {"mailbox_id", account.mailbox_id},
                      {"address", account.address},
                      {"display_name", account.display_name},
                      {"purpose", account.purpose},
                      {"policy", account.policy},
                      {"excluded_by", account.excluded_by},
                      {"reason", account.reason},
                      {"seen_first", jobs::in_milliseconds(std::optional{account.seen_first})}};
}

SeenAccount account_of(const jobs::Record& record) {
  const jobs::RecordReader fields{record, kWhat};
  SeenAccount account;
  const std::string kind = fields.text("kind");
  using Kind = SeenAccount::Kind;
  bool is_known = false;
  for (const Kind each : {Kind::mailbox, Kind::unsupported, Kind::missing}) {
    if (name(each) != kind) continue;
    account.kind = each;
    is_known = true;
  }
  if (!is_known) fields.fail("kind");
  account.user_id = fields.text("user_id");
  account.mailbox_id = fields.text("mailbox_id");
  account.address = fields.text("address");
  account.display_name = fields.text("display_name");
  account.purpose = fields.text("purpose");
  account.policy = fields.text("policy");
  account.excluded_by = fields.text("excluded_by");
  account.reason = fields.text("reason");
  account.seen_first = fields.instant("seen_first");
  return account;
}

const jobs::Value::List& list(const jobs::Record& record, std::string_view field) {
  const jobs::Value* value = record.find(field);
  const auto* list = value ? std::get_if<jobs::Value::List>(&value->content()) : nullptr;
  if (list == nullptr) jobs::RecordReader{record, kWhat}.fail(field);
  return *list;
}

const jobs::Record& record(const jobs::Value& value) {
  const auto* record = std::get_if<jobs::Record>(&value.content());
  if (record == nullptr) jobs::RecordReader{jobs::Record{}, kWhat}.fail("accounts");
  return *record;
}

std::vector<SeenTenant> decode(base::ByteView bytes) {
  const jobs::Record whole = jobs::decode_record(bytes, kWhat);
  if (jobs::RecordReader{whole, kWhat}.number("version") != kVersion) {
    throw base::Error{base::ErrorKind::usage, "it was written by another version of this program"};
  }
  std::vector<SeenTenant> looks;
  for (const jobs::Value& value : list(whole, "tenants")) {
    const jobs::Record& told = record(value);
    const jobs::RecordReader fields{told, kWhat};
    SeenTenant& look = looks.emplace_back();
    look.name = fields.text("name");
    look.looked = fields.maybe_instant("looked");
    look.problem = fields.text("problem");
    for (const jobs::Value& account : list(told, "accounts")) {
      look.accounts.push_back(account_of(record(account)));
    }
  }
  return looks;
}

}  // namespace

std::vector<SeenTenant> read_census(const std::filesystem::path& file) {
  try {
    return decode(base::read_file(file, kMostBytes));
  } catch (const base::Error& error) {
    if (error.kind() != base::ErrorKind::not_found) set_aside(file, error);
    return {};
  }
}

void write_census(const std::filesystem::path& file, const std::vector<SeenTenant>& looks) {
  jobs::Value::List tenants;
  for (const SeenTenant& look : looks) {
    jobs::Value::List accounts;
    for (const SeenAccount& account : look.accounts) accounts.emplace_back(record_of(account));
    tenants.emplace_back(jobs::Record{{"name", look.name},
                                      {"looked", jobs::in_milliseconds(look.looked)},
                                      {"problem", look.problem},
                                      {"accounts", std::move(accounts)}});
  }
  base::replace_file(file, jobs::encode_record(jobs::Record{{"version", kVersion},
                                                            {"tenants", std::move(tenants)}}));
}

}  // namespace appliance
