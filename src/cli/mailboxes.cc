#include "src/backup/discovery.h"
#include "src/base/error.h"
#include "src/base/text.h"
#include "src/cli/commands.h"
#include "src/cli/listed_line.h"
#include "src/cli/table.h"
#include "src/daemon/appliance.h"
#include "src/daemon/record_fields.h"
#include "src/jobs/protection.h"

namespace cli {
namespace {

// A store that is not there yet holds nothing: the tenant can be looked at before `init`.
std::vector<store::Snapshot> stored_points(appliance::Resources& resources) {
  try {
    return resources.open_store(store::Access::read)->repository().snapshots();
  } catch (const base::Error& error) {
    if (error.kind() != base::ErrorKind::no_store) throw;
    return {};
  }
}

bool is_protected(const jobs::Record& record) {
  const jobs::Value* value = record.find("protected");
  const auto* truth = value == nullptr ? nullptr : std::get_if<bool>(&value->content());
  return truth != nullptr && *truth;
}

std::string last_backup(const jobs::Record& record) {
  const auto instant = base::parse_rfc3339(appliance::text_in(record, "last_good_backup"));
  return instant ? short_time(*instant) : "never";
}

void tell(Output& output, const std::vector<jobs::Record>& records) {
  Table table{{{"Mailbox", Table::Align::left, true},
               {"Type"},
               {"Policy", Table::Align::left, true},
               {"Last good (UTC)"},
               {"Protected"}}};
  for (const jobs::Record& record : records) {
    const std::string purpose = appliance::text_in(record, "purpose");
    const std::string policy = appliance::text_in(record, "policy");
    table.add({appliance::text_in(record, "address"), purpose.empty() ? "-" : purpose,
               policy.empty() ? "-" : policy, last_backup(record),
               is_protected(record) ? "yes" : "no"});
  }
  for (const std::string& line : table.lines(output.columns())) output.line(line);
  output.line("");
  // The reasons are sentences, too long for a column.
  for (const jobs::Record& record : records) {
    if (is_protected(record)) continue;
    output.line(base::printable(base::text("not protected: ", appliance::text_in(record, "address"),
                                           ": ", appliance::text_in(record, "reason"))));
  }
}

void add_records(const Context& context, const appliance::Configuration& configuration,
                 appliance::OpenTenant& tenant, const std::vector<store::Snapshot>& points,
                 std::vector<jobs::Record>& records) {
  backup::DiscoverySettings settings;
  settings.tenant = tenant.domain();
  settings.policies = appliance::policies_of(configuration, tenant.configuration());
  const backup::Discovery found =
      backup::discover(tenant.service().directory(), settings,
                       jobs::newest_points(points, tenant.domain()), context.clock, context.stop);
  for (jobs::Record& record : jobs::protection_records(tenant.domain(), found, points)) {
    records.push_back(std::move(record));
  }
}

}  // namespace

jobs::ExitStatus run(const Context& context, const MailboxesOptions&) {
  const auto configuration = context.configuration();
  const auto points = stored_points(context.resources);
  std::vector<jobs::FailedTenant> failed;
  const auto tenants = appliance::open_tenants(context.resources, configuration, {}, failed);
  std::vector<jobs::Record> records;
  for (const auto& tenant : tenants) {
    try {
      add_records(context, configuration, *tenant, points, records);
    } catch (base::Error& error) {
      error.add_context(base::text("looking through tenant '", tenant->configuration().name, "'"));
      // Of several tenants the others are worth seeing.
      if (configuration.tenants.size() == 1 || error.kind() == base::ErrorKind::cancelled) throw;
      failed.push_back({tenant->configuration().name, error});
    }
  }
  for (const jobs::FailedTenant& tenant : failed) {
    context.output.error(tenant.error, jobs::exit_status(tenant.error.kind()),
                         remedy_for(tenant.error));
  }
  std::uint64_t safe = 0;
  for (const jobs::Record& record : records) {
    context.output.record(record);
    if (is_protected(record)) ++safe;
  }
  if (!context.output.json()) tell(context.output, records);
  context.output.remark(
      base::text(counted(safe, "mailbox"), " protected, ", records.size() - safe, " not"));
  context.output.record(jobs::Record{{"type", "summary"},
                                     {"command", "mailboxes"},
                                     {"status", failed.empty() ? "complete" : "partial"},
                                     {"accounts", records.size()},
                                     {"protected", safe},
                                     {"unprotected", records.size() - safe}});
  return failed.empty() ? jobs::ExitStatus::done : jobs::ExitStatus::partial;
}

}  // namespace cli
