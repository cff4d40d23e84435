#include "src/base/error.h"
#include "src/base/file.h"
#include "src/base/text.h"
#include "src/cli/commands.h"
#include "src/cli/prompt.h"
#include "src/cli/table.h"
#include "web-status/accounts.h"
#include "web-status/role.h"

#include <filesystem>
#include <string>

namespace cli {
namespace {

web::Accounts open_accounts(const Context& context) {
  const auto state = context.configuration().service.state;
  std::error_code failure;
  std::filesystem::create_directories(state, failure);  // what is wrong shows when it is written to
  return {state / "accounts", context.clock};
}

base::Secret new_password(const AccountAddOptions& options) {
  if (options.password_file) return base::read_secret_file(*options.password_file);
  return ask_for_new_password(base::text("Password of ", options.name));
}

jobs::Record record_of(const web::Account& account) {
  return {{"type", "account"},
          {"name", account.name},
          {"role", web::name(account.role)},
          {"created", account.created}};
}

jobs::Record summary_of(std::string_view command, std::size_t accounts) {
  return {
      {"type", "summary"}, {"command", command}, {"status", "complete"}, {"accounts", accounts}};
}

}  // namespace

jobs::ExitStatus run(const Context& context, const AccountAddOptions& options) {
  web::Accounts accounts = open_accounts(context);
  const base::Secret password = new_password(options);
  const web::Account account =
      accounts.add(options.name, web::role_of(options.role).value(), password.text());
  context.output.record(record_of(account));
  context.output.remark(base::text("Added ", account.name, ", ", web::name(account.role), "."));
  context.output.record(summary_of("account add", accounts.list().size()));
  return jobs::ExitStatus::done;
}

jobs::ExitStatus run(const Context& context, const AccountListOptions&) {
  const auto accounts = open_accounts(context).list();
  Table table{{{"Name"}, {"Role"}, {"Since (UTC)"}}};
  for (const web::Account& account : accounts) {
    context.output.record(record_of(account));
    table.add({account.name, std::string{web::name(account.role)}, short_time(account.created)});
  }
  if (!accounts.empty()) {
    for (const std::string& line : table.lines(context.output.columns())) context.output.line(line);
  }
  context.output.remark(counted(accounts.size(), "account"));
  context.output.record(summary_of("account list", accounts.size()));
  return jobs::ExitStatus::done;
}

jobs::ExitStatus run(const Context& context, const AccountRemoveOptions& options) {
  web::Accounts accounts = open_accounts(context);
  accounts.remove(options.name);
  context.output.remark(base::text("Removed ", options.name, "."));
  context.output.record(summary_of("account remove", accounts.list().size()));
  return jobs::ExitStatus::done;
}

}  // namespace cli
