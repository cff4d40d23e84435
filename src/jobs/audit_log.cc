#include "src/jobs/audit_log.h"

#include "src/base/text.h"
#include "store/fields.h"

#include <array>
#include <bit>
#include <cstdlib>
#include <pwd.h>
#include <type_traits>
#include <unistd.h>
#include <utility>

namespace jobs {
namespace {

constexpr std::uint8_t kVersion = 1;
// Records are as deep as we make them; deeper is an attack on the stack.
constexpr int kMostDepth = 8;

// Part of the format.
enum class Kind : std::uint8_t {
  nothing = 0,
  no = 1,
  yes = 2,
  negative = 3,
  number = 4,
  fraction = 5,
  text = 6,
  list = 7,
  record = 8,
};

void put(const Record& record, store::FieldWriter& fields);

void put(const Value& value, store::FieldWriter& fields) {
  const auto begin = [&](Kind kind) { fields.octet(static_cast<std::uint8_t>(kind)); };
  std::visit(
      [&](const auto& content) {
        using Content = std::decay_t<decltype(content)>;
        if constexpr (std::is_same_v<Content, std::nullptr_t>) {
          begin(Kind::nothing);
        } else if constexpr (std::is_same_v<Content, bool>) {
          begin(content ? Kind::yes : Kind::no);
        } else if constexpr (std::is_same_v<Content, std::int64_t>) {
          begin(Kind::negative);
          fields.signed_number(content);
        } else if constexpr (std::is_same_v<Content, std::uint64_t>) {
          begin(Kind::number);
          fields.number(content);
        } else if constexpr (std::is_same_v<Content, double>) {
          begin(Kind::fraction);
          fields.number(std::bit_cast<std::uint64_t>(content));
        } else if constexpr (std::is_same_v<Content, std::string>) {
          begin(Kind::text);
          fields.text(content);
        } else if constexpr (std::is_same_v<Content, Value::List>) {
          begin(Kind::list);
          fields.number(content.size());
          for (const Value& element : content) put(element, fields);
        } else {
          begin(Kind::record);
          put(content, fields);
        }
      },
      value.content());
}

void put(const Record& record, store::FieldWriter& fields) {
  fields.number(record.fields().size());
  for (const auto& [name, value] : record.fields()) {
    fields.text(name);
    put(value, fields);
  }
}

Record get_record(store::FieldReader& fields, int depth);

Value get_value(store::FieldReader& fields, int depth) {
  if (depth > kMostDepth) fields.fail("is nested too deep");
  switch (static_cast<Kind>(fields.octet())) {
    case Kind::nothing:
      return {};
    case Kind::no:
      return false;
    case Kind::yes:
      return true;
    case Kind::negative:
      return fields.signed_number();
    case Kind::number:
      return fields.number();
    case Kind::fraction:
      return std::bit_cast<double>(fields.number());
    case Kind::text:
      return fields.text();
    case Kind::list: {
      Value::List list;
      for (auto left = fields.number_up_to(fields.left()); left > 0; --left) {
        list.push_back(get_value(fields, depth + 1));
      }
      return list;
    }
    case Kind::record:
      return get_record(fields, depth + 1);
  }
  fields.fail("has a value of an unknown kind");
}

Record get_record(store::FieldReader& fields, int depth) {
  Record record;
  for (auto left = fields.number_up_to(fields.left()); left > 0; --left) {
    std::string name = fields.text();
    record.set(name, get_value(fields, depth));
  }
  return record;
}

// The same without its lists, which may be as long as a tenant has mailboxes.
Record without_lists(const Record& record) {
  Record shorter;
  for (const auto& [name, value] : record.fields()) {
    const auto* list = std::get_if<Value::List>(&value.content());
    shorter.set(name, list ? Value{base::text(list->size(), " left out")} : value);
  }
  return shorter;
}

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "unknown";
}

base::Instant time_of(const Record& entry) {
  const Value* time = entry.find("time");
  const auto* text = time ? std::get_if<std::string>(&time->content()) : nullptr;
  const auto instant = text ? base::parse_rfc3339(*text) : std::nullopt;
  if (!instant)
    throw base::Error{base::ErrorKind::corrupt, base::text(kAuditEntry, " tells no time")};
  return *instant;
}

}  // namespace

base::Bytes encode_record(const Record& record) {
  store::FieldWriter fields;
  fields.octet(kVersion);
  put(record, fields);
  return fields.take();
}

Record decode_record(base::ByteView bytes, std::string_view what) {
  store::FieldReader fields{bytes, what};
  if (fields.octet() != kVersion) fields.fail("was written by a newer program: update this one");
  Record record = get_record(fields, 0);
  fields.finish();
  return record;
}

std::string user_name(uid_t user) {
  passwd entry{};
  passwd* found = nullptr;
  std::array<char, 4096> buffer{};
  const int error = ::getpwuid_r(user, &entry, buffer.data(), buffer.size(), &found);
  return error == 0 && found != nullptr ? found->pw_name : base::text("uid ", user);
}

AuditedBy this_process() {
  // Of whoever became root by it; as trustworthy as root is.
  const char* login = std::getenv("SUDO_USER");  // NOLINT(concurrency-mt-unsafe): nobody sets it
  return {user_name(::geteuid()), login != nullptr ? login : "", host_name(),
          base::text(::getpid())};
}

AuditLog::AuditLog(const store::Journals& journals, AuditedBy by)
    : journal_(journals.open(std::string{store::kAuditJournal})), by_(std::move(by)) {}

std::uint64_t AuditLog::write(base::Instant time, std::string_view action, std::string_view result,
                              std::string_view reason, const Record& what) {
  Record entry{{"time", time},
               {"by", Record{{"user", by_.user},
                             {"login", text_or_null(by_.login)},
                             {"host", by_.host},
                             {"process", by_.process}}},
               {"action", action},
               {"result", result},
               {"reason", text_or_null(reason)},
               {"what", what}};
  base::Bytes content = encode_record(entry);
  if (content.size() > store::Journal::kMostContentBytes) {
    content = encode_record(entry.set("what", without_lists(what)));
  }
  return journal_.append(content).sequence;
}

void read_audit_log(const store::Journals& journals, std::optional<base::Instant> since,
                    const std::function<void(const Record&)>& on_entry,
                    const std::function<void(const base::Error&)>& on_error) {
  journals.open(std::string{store::kAuditJournal})
      .read(
          [&](std::uint64_t sequence, base::ByteView content) {
            const Record entry = decode_record(content);
            if (since && time_of(entry) < *since) return;
            Record told{{"type", "audit"}, {"sequence", sequence}};
            for (const auto& [name, value] : entry.fields()) told.set(name, value);
            on_entry(told);
          },
          on_error);
}

AuditVerdict verify_audit_log(const store::Journals& journals) {
  AuditVerdict verdict;
  const auto on_error = [&](const base::Error& error) {
    verdict.errors.emplace_back(error.what());
  };
  journals.open(std::string{store::kAuditJournal})
      .read(
          [&](std::uint64_t, base::ByteView content) {
            const base::Instant time = time_of(decode_record(content));
            ++verdict.entries;
            if (!verdict.from) verdict.from = time;
            verdict.to = time;
          },
          on_error);
  verdict.witnessed = journals.check_audit_witnesses(on_error);
  return verdict;
}

}  // namespace jobs
