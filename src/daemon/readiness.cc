#include "src/daemon/readiness.h"

#include "src/base/error.h"
#include "src/base/text.h"
#include "src/daemon/appliance.h"
#include "src/daemon/tenant_readiness.h"
#include "src/jobs/audit_log.h"
#include "src/jobs/progress.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <functional>
#include <optional>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace appliance {
namespace {

using jobs::counted;
using Status = Check::Status;

constexpr std::uint64_t kLittleSpaceBytes = std::uint64_t{5} << 30;
constexpr std::uint64_t kNoSpaceBytes = std::uint64_t{256} << 20;

struct NamedSecret {
  std::string name;
  const CredentialFile* file;
};

std::vector<NamedSecret> secrets_of(const Configuration& configuration) {
  std::vector<NamedSecret> secrets{{"store passphrase", &configuration.store.passphrase}};
  const auto add = [&](const std::string& what, const std::optional<CredentialFile>& file) {
    if (file) secrets.push_back({what, &*file});
  };
  for (const TenantConfiguration& tenant : configuration.tenants) {
    const auto add_app = [&](const std::string& app, const AppSettings& settings) {
      add(base::text("client secret of the ", app, " (", tenant.name, ")"), settings.client_secret);
      add(base::text("private key of the ", app, " (", tenant.name, ")"), settings.private_key);
    };
    add_app("backup app", tenant.backup_app);
    if (tenant.restore_app) add_app("restore app", *tenant.restore_app);
  }
  add("private key of the web pages", configuration.web.private_key);
  return secrets;
}

void check_secrets(const Configuration& configuration, const OnCheck& on_check) {
  for (const NamedSecret& secret : secrets_of(configuration)) {
    Check check{"secret: " + secret.name};
    try {
      const base::Secret content = secret.file->read_secret();
      check.seen = base::text(secret.file->location().string(), " is readable and private");
    } catch (const base::Error& error) {
      check.status = Status::failed;
      check.seen = error.what();
      check.remedy = "write the secret into that file, readable by its owner only (chmod 600)";
    }
    on_check(check);
  }
}

// The nearest folder above that is there: where the store's bytes will go.
std::filesystem::path existing_folder(std::filesystem::path path) {
  std::error_code ignored;
  while (!std::filesystem::exists(path, ignored) && path.has_relative_path())
    path = path.parent_path();
  return path;
}

void check_space(const std::string& name, const std::filesystem::path& path,
                 const OnCheck& on_check) {
  Check check{name};
  std::error_code failure;
  const std::filesystem::path existing = existing_folder(path);
  const auto space = std::filesystem::space(existing, failure);
  if (failure) {
    check.status = Status::failed;
    check.seen = base::text(path.string(), ": ", failure.message());
    check.remedy = "check the path and the file system";
    on_check(check);
    return;
  }
  check.seen = base::text(base::human_bytes(space.available), " free at ", path.string());
  if (::access(existing.c_str(), W_OK | X_OK) != 0) {
    const int refusal = errno;
    check.status = Status::failed;
    check.seen = base::text("nothing can be written at ", existing.string(), ": ",
                            std::generic_category().message(refusal));
    check.remedy = "mount the file system for writing, or give the directory to this user";
  } else if (space.available < kLittleSpaceBytes) {
    check.status = space.available < kNoSpaceBytes ? Status::failed : Status::warning;
    check.remedy = "make room, or move it to a larger file system";
  }
  on_check(check);
}

std::string store_remedy(const base::Error& error) {
  switch (error.kind()) {
    case base::ErrorKind::no_store:
      return "create it with `coffer init`, or correct 'url' in [store]";
    case base::ErrorKind::wrong_key:
      return "put the store's passphrase, its recovery key or the content of its key file into the "
             "file that 'passphrase_file' names";
    case base::ErrorKind::corrupt:
      return "run `coffer check --level full`";
    default:
      return "correct what the message names";
  }
}

// The passphrase is one of the keys; it will be forgotten, or lost with the machine.
void check_keys(const Configuration& configuration, const OnCheck& on_check) {
  Check check{"recovery key"};
  const auto opens = [](const store::KeySlot& slot) {
    return slot.kind == store::SlotKind::recovery_key && slot.problem.empty();
  };
  if (std::ranges::any_of(read_key_state(configuration.store).slots, opens)) {
    check.seen = "one opens the store; only you know whether the sheet with it is still there";
  } else {
    check.status = Status::warning;
    check.seen = "none opens the store: who loses the passphrase loses all backups";
    check.remedy = "make one with `coffer key recovery`, and keep it away from this machine";
  }
  on_check(check);
}

// By writing into it; of a store that cannot be written to, restoring does not depend on it.
void check_audit_log(const store::Journals& journals, base::Clock& clock, const OnCheck& on_check) {
  Check check{"audit log"};
  try {
    jobs::AuditLog log{journals, jobs::this_process()};
    check.seen =
        base::text("can be written: entry ", log.write(clock.now(), "doctor", "complete", "", {}));
  } catch (const base::Error& error) {
    check.status = Status::failed;
    check.seen = error.what();
    check.remedy = "make the store's directory writable for this user, or make room";
  }
  on_check(check);
}

void check_store(const Configuration& configuration, base::Clock& clock, const OnCheck& on_check) {
  Check store_check{"store"};
  Check index_check{"index"};
  try {
    OpenStore store{configuration.store, store::Access::read, clock};
    const store::StoreStatistics figures = store.repository().statistics();
    store_check.seen = base::text(configuration.store.directory.string(),
                                  " opens: ", counted(figures.snapshots, "restore point"), " of ",
                                  counted(figures.mailboxes, "mailbox"), ", ",
                                  base::human_bytes(figures.stored_bytes));
    index_check.seen =
        base::text(configuration.store.index.string(), " opens: ", counted(figures.chunks, "chunk"),
                   ", ", base::human_bytes(figures.index_bytes));
    if (!store.repository().is_log_sound()) {
      store_check.status = Status::failed;
      store_check.seen += "; its commit log is damaged, so no backup can be added";
      store_check.remedy = "run `coffer check`, then `coffer check --repair`";
    }
    check_keys(configuration, on_check);
    on_check(store_check);
    on_check(index_check);
    check_audit_log(store.repository().journals(), clock, on_check);
  } catch (const base::Error& error) {
    store_check.status = Status::failed;
    store_check.seen = error.what();
    store_check.remedy = store_remedy(error);
    on_check(store_check);
  }
}

}  // namespace

std::string_view name(Check::Status status) {
  switch (status) {
    case Status::ok:
      return "ok";
    case Status::unknown:
      return "unknown";
    case Status::warning:
      return "warning";
    case Status::failed:
      return "failed";
  }
  return "failed";
}

Check failed_check(std::string name, const base::Error& error) {
  if (error.kind() == base::ErrorKind::cancelled) throw base::Error{error};
  const bool denied = error.kind() == base::ErrorKind::denied;
  return {std::move(name), Status::failed, error.what(),
          denied ? "grant the right that is named and give admin consent"
                 : "check the network and the URLs in the configuration",
          denied};
}

void check_readiness(const Configuration& configuration,
                     const std::optional<std::string>& round_trip, base::Clock& clock,
                     const OnCheck& on_check, std::stop_token stop) {
  on_check({"configuration", Status::ok,
            base::text(configuration.path.string(), ": ",
                       counted(configuration.tenants.size(), "tenant"), ", ",
                       counted(configuration.policies.size(), "policy")),
            ""});
  check_secrets(configuration, on_check);
  check_space("space for the store", configuration.store.directory, on_check);
  check_space("space for the index", configuration.store.index, on_check);
  check_store(configuration, clock, on_check);
  if (configuration.tenants.empty()) {
    on_check({"tenants", Status::failed,
              base::text(configuration.path.string(), " names no tenant"),
              "add [tenant.NAME] with 'tenant_id' and [tenant.NAME.backup_app]"});
  }
  bool found = false;
  for (const TenantConfiguration& tenant : configuration.tenants) {
    found |= check_tenant(tenant, configuration.limits, round_trip, clock, on_check, stop);
  }
  if (round_trip && !found && !configuration.tenants.empty()) {
    throw base::Error{
        base::ErrorKind::not_found,
        base::text("no tenant of the configuration has a mailbox '", *round_trip, "'")};
  }
}

}  // namespace appliance
