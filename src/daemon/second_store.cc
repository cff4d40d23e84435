#include "src/daemon/second_store.h"

#include "src/base/error.h"
#include "src/base/text.h"
#include "src/daemon/appliance.h"
#include "src/daemon/places.h"

#include <filesystem>
#include <memory>
#include <optional>
#include <utility>

namespace appliance {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void refuse(const std::string& why) { throw base::Error{base::ErrorKind::usage, why}; }

void check_apart(const fs::path& first, const fs::path& second) {
  if (!is_at_or_below(first, second) && !is_at_or_below(second, first)) return;
  refuse(base::text("'", second.string(), "' and '", first.string(),
                    "' would lie in each other: give the second store a place of its own"));
}

}  // namespace

StoreSettings second_store(const StoreSettings& first, const std::string& url) {
  if (url.starts_with("s3://")) {
    refuse(base::text(
        "object storage is not available in this version: --to must be a directory, not \"", url,
        "\""));
  }
  if (url.empty() || url.find("://") != std::string::npos) {
    refuse(base::text("--to must be a directory, not \"", url, "\""));
  }
  StoreSettings second = first;
  second.directory = fs::absolute(url).lexically_normal();
  if (!second.directory.has_filename()) second.directory = second.directory.parent_path();
  second.index = second.directory;
  second.index += ".index";
  for (const fs::path& of_first : {first.directory, first.index}) {
    check_apart(of_first, second.directory);
    check_apart(of_first, second.index);
  }
  return second;
}

store::CopyReport copy_store(OpenStore& from, const StoreSettings& first,
                             const StoreSettings& second, base::Clock& clock,
                             const store::OnProgress& on_progress, std::stop_token stop) {
  store::Repository::SecondStore prepared;
  std::optional<OpenStore> to;
  try {
    store::Repository::Settings settings;
    settings.index = second.index;
    prepared = store::Repository::prepare_second(*open_backend(first), *open_backend(second),
                                                 settings, first.passphrase.read_secret());
    to.emplace(second, store::Access::write, clock);
  } catch (base::Error& error) {
    error.add_context(base::text("opening the second store at ", second.directory.string()));
    throw;
  }
  store::CopyReport report =
      from.repository().copy_to(to->repository(), {}, on_progress, std::move(stop));
  report.created = prepared.created;
  for (std::string& problem : prepared.problems) {
    report.problems.push_back({{}, {}, std::move(problem)});
  }
  return report;
}

}  // namespace appliance
