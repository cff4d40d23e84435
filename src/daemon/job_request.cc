#include "src/daemon/job_request.h"

#include "src/base/error.h"
#include "src/base/text.h"

#include <algorithm>
#include <utility>
#include <variant>

namespace appliance {
namespace {

using base::text;

[[noreturn]] void fail(const std::string& message) {
  throw base::Error{base::ErrorKind::usage, message};
}

enum class Kind : std::uint8_t { text, texts, truth, count };

std::string_view wanted(Kind kind) {
  switch (kind) {
    case Kind::text:
      return "a string";
    case Kind::texts:
      return "a list of strings";
    case Kind::truth:
      return "true or false";
    case Kind::count:
      return "a whole number";
  }
  return "";
}

// A member of the posted object, and the option of the command line that it becomes; without one it
// is what the command is about.
struct Member {
  std::string name;
  Kind kind = Kind::text;
  std::string option;
  bool required = false;
};
struct CommandForm {
  std::string name;
  std::vector<Member> members;
};

const std::vector<CommandForm>& forms() {
  static const std::vector<CommandForm> kForms{
      {"backup",
       {{"mailboxes", Kind::texts, ""},
        {"policy", Kind::text, "--policy"},
        {"full", Kind::truth, "--full"}}},
      {"restore",
       {{"mailbox", Kind::text, "", true},
        {"at", Kind::text, "--at"},
        {"folders", Kind::texts, "--folder"},
        {"items", Kind::texts, "--item"},
        {"to", Kind::text, "--to"},
        {"into", Kind::text, "--into"},
        {"in_place", Kind::truth, "--in-place"},
        {"on_conflict", Kind::text, "--on-conflict"},
        {"dry_run", Kind::truth, "--dry-run"},
        {"reason", Kind::text, "--reason"}}},
      {"check", {{"level", Kind::text, "--level"}, {"repair", Kind::truth, "--repair"}}},
      {"drill", {{"count", Kind::count, "--items"}}},
      {"prune", {{"dry_run", Kind::truth, "--dry-run"}}},
      {"forget",
       {{"policy", Kind::text, "--policy"},
        {"dry_run", Kind::truth, "--dry-run"},
        {"confirm", Kind::truth, "--confirm"}}},
      {"copy", {{"to", Kind::text, "--to", true}}},
  };
  return kForms;
}

const CommandForm& form_of(const std::string& command) {
  std::vector<std::string> names;
  for (const CommandForm& form : forms()) {
    if (form.name == command) return form;
    names.push_back(form.name);
  }
  const auto near = base::nearest(command, names);
  fail(text("\"command\" takes ", base::enumerated(names), ", not \"", base::printable(command),
            "\"", near ? text("; did you mean \"", *near, "\"?") : std::string{}));
}

const web::Field* find(const web::Fields& fields, const std::string& name) {
  const auto found = std::ranges::find(fields, name, &std::pair<std::string, web::Field>::first);
  const bool is_there =
      found != fields.end() && !std::holds_alternative<std::nullptr_t>(found->second);
  return is_there ? &found->second : nullptr;
}

void check_word(const std::string& name, const std::string& value) {
  if (value.empty()) fail(text("\"", name, "\" is empty"));
  // No word of a command line can hold it.
  if (value.find('\0') != std::string::npos) fail(text("\"", name, "\" holds a zero octet"));
}

class Words {
 public:
  explicit Words(const std::string& command) : words_{command} {}

  // False if the member is as good as absent.
  bool add(const Member& member, const web::Field& value) {
    if (const auto* one = std::get_if<std::string>(&value); one && member.kind == Kind::text) {
      add_text(member, *one);
      return true;
    }
    const auto* many = std::get_if<std::vector<std::string>>(&value);
    if (many && member.kind == Kind::texts) {
      for (const std::string& each : *many) add_text(member, each);
      return !many->empty();
    }
    if (const auto* truth = std::get_if<bool>(&value); truth && member.kind == Kind::truth) {
      if (*truth) words_.push_back(member.option);
      return *truth;
    }
    const auto* count = std::get_if<std::uint64_t>(&value);
    if (!count || member.kind != Kind::count) {
      fail(text("\"", member.name, "\" must be ", wanted(member.kind)));
    }
    words_.push_back(text(member.option, "=", *count));
    return true;
  }

  // What the command is about stands first: an option never swallows it.
  std::vector<std::string> take() {
    words_.insert(words_.begin() + 1, about_.begin(), about_.end());
    return std::move(words_);
  }

 private:
  void add_text(const Member& member, const std::string& value) {
    check_word(member.name, value);
    if (!member.option.empty()) {
      words_.push_back(text(member.option, "=", value));
      return;
    }
    // The command line would take it for an option.
    if (value.front() == '-') fail(text("\"", member.name, "\" must not begin with \"-\""));
    about_.push_back(value);
  }

  std::vector<std::string> words_;
  std::vector<std::string> about_;
};

std::string text_of(const web::Fields& fields, const std::string& name) {
  const web::Field* value = find(fields, name);
  const auto* text = value ? std::get_if<std::string>(value) : nullptr;
  return text ? *text : std::string{};
}

bool is_true(const web::Fields& fields, const std::string& name) {
  const web::Field* value = find(fields, name);
  const auto* truth = value ? std::get_if<bool>(value) : nullptr;
  return truth != nullptr && *truth;
}

void require_sense(const web::Fields& fields) {
  if (is_true(fields, "in_place") && find(fields, "into")) {
    fail("\"in_place\" and \"into\": only one of these at a time");
  }
  const std::string reason = text_of(fields, "reason");
  if (!is_true(fields, "dry_run") && base::trim(reason).empty()) {
    fail("a restore needs a \"reason\": it is kept in the audit log");
  }
}

}  // namespace

std::vector<std::string> JobRequest::words_at(const std::string& snapshot_id) const {
  std::vector<std::string> resolved;
  for (const std::string& word : words) {
    if (!word.starts_with("--at=")) resolved.push_back(word);
  }
  // Behind the command and the mailbox.
  resolved.insert(resolved.begin() + 2, text("--at=", snapshot_id));
  return resolved;
}

void require_known(const web::Fields& fields, const std::vector<std::string>& known) {
  for (const auto& [name, value] : fields) {
    if (std::ranges::find(known, name) != known.end()) continue;
    const auto near = base::nearest(name, known);
    fail(text("unknown member \"", base::printable(name), "\"",
              near ? text("; did you mean \"", *near, "\"?") : std::string{}));
  }
}

std::string required_text(const web::Fields& fields, const std::string& name) {
  const web::Field* value = find(fields, name);
  if (value == nullptr) fail(text("\"", name, "\" is missing"));
  const auto* given = std::get_if<std::string>(value);
  if (given == nullptr) fail(text("\"", name, "\" must be a string"));
  if (base::trim(*given).empty()) fail(text("\"", name, "\" is empty"));
  return *given;
}

JobRequest job_request(const web::Fields& fields) {
  JobRequest request;
  request.command = required_text(fields, "command");
  const CommandForm& form = form_of(request.command);
  std::vector<std::string> known{"command"};
  for (const Member& member : form.members) known.push_back(member.name);
  require_known(fields, known);
  Words words{request.command};
  for (const Member& member : form.members) {
    const web::Field* value = find(fields, member.name);
    const bool is_there = value != nullptr && words.add(member, *value);
    if (!is_there && member.required) fail(text("\"", member.name, "\" is missing"));
  }
  request.words = words.take();
  if (request.command == "restore") {
    require_sense(fields);
    request.reason = text_of(fields, "reason");
    request.mailbox = text_of(fields, "mailbox");
    request.at = text_of(fields, "at");
    if (request.at.empty()) request.at = "latest";
  }
  return request;
}

}  // namespace appliance
