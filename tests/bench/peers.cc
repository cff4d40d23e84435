#include "tests/bench/peers.h"

#include "src/base/text.h"

namespace bench {
namespace {

using OnStep = std::function<void(const std::string&)>;

Measured measure_restic(const std::filesystem::path& corpus, const std::filesystem::path& work,
                        const OnStep& on_step) {
  const auto run = [&](std::vector<std::string> arguments) {
    Program program;
    program.arguments = {"restic",      "--quiet",
                         "--cache-dir", (work / "cache").string(),
                         "--repo",      (work / "repository").string()};
    program.arguments.insert(program.arguments.end(), arguments.begin(), arguments.end());
    program.environment = {{"RESTIC_PASSWORD", "guards nothing"}, {"GOMAXPROCS", "1"}};
    program.directory = corpus;
    return measure(program);
  };
  on_step("restic");
  run({"init"});
  Measured measured;
  measured.name = "restic";
  measured.new_data = run({"backup", "."});
  measured.stored_bytes = size_of_tree(work / "repository");
  measured.known_data = run({"backup", "--force", "."});
  measured.restore = run({"dump", "latest", "/"});
  measured.check = run({"check", "--read-data"});
  return measured;
}

Measured measure_borg(const std::string& name, const std::string& chunker,
                      const std::filesystem::path& corpus, const std::filesystem::path& work,
                      const OnStep& on_step) {
  const std::string repository = (work / "repository").string();
  const auto run = [&](std::vector<std::string> arguments) {
    Program program;
    program.arguments = {"borg"};
    program.arguments.insert(program.arguments.end(), arguments.begin(), arguments.end());
    program.environment = {{"BORG_PASSPHRASE", "guards nothing"}, {"BORG_BASE_DIR", work.string()}};
    program.directory = corpus;
    return measure(program);
  };
  on_step(name);
  std::filesystem::create_directories(work);
  run({"init", "--encryption", "repokey", repository});
  const auto create = [&](const std::string& archive) {
    return run({"create", "--compression", "zstd,3", "--files-cache", "disabled",
                "--chunker-params", chunker, repository + "::" + archive, "."});
  };
  Measured measured;
  measured.name = name;
  measured.new_data = create("first");
  measured.stored_bytes = size_of_tree(work / "repository");
  measured.known_data = create("second");
  measured.restore = run({"export-tar", repository + "::second", "-"});
  measured.check = run({"check", "--verify-data", repository});
  return measured;
}

}  // namespace

std::vector<Measured> measure_peers(const std::filesystem::path& corpus,
                                    const std::filesystem::path& work, const OnStep& on_step) {
  std::vector<Measured> all;
  const auto in_folder = [&](const std::string& folder, const auto& measure_one) {
    all.push_back(measure_one(work / folder));
    std::filesystem::remove_all(work / folder);
  };
  if (is_installed("restic")) {
    in_folder("restic", [&](const std::filesystem::path& folder) {
      return measure_restic(corpus, folder, on_step);
    });
  } else {
    on_step("restic is not installed: left out");
  }
  if (is_installed("borg")) {
    in_folder("borg", [&](const std::filesystem::path& folder) {
      return measure_borg("borg zstd,3", "buzhash,19,23,21,4095", corpus, folder, on_step);
    });
    in_folder("borg-small", [&](const std::filesystem::path& folder) {
      return measure_borg("borg zstd,3, 64 KiB", "buzhash,14,18,16,4095", corpus, folder, on_step);
    });
  } else {
    on_step("borg is not installed: left out");
  }
  return all;
}

}  // namespace bench
