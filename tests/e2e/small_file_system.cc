#include "tests/e2e/small_file_system.h"

#include "tests/support/catch.h"

#include <sys/mount.h>
#include <utility>

namespace test {

SmallFileSystem::SmallFileSystem(std::filesystem::path path, const std::string& options)
    : path_(std::move(path)) {
  std::filesystem::create_directories(path_);
  is_there_ = ::mount("tmpfs", path_.c_str(), "tmpfs", 0, options.c_str()) == 0;
  if (!is_there_) WARN("no file systems can be mounted here");
}

SmallFileSystem::~SmallFileSystem() {
  if (is_there_) ::umount2(path_.c_str(), MNT_DETACH);
}

void SmallFileSystem::remount(const std::string& options) const {
  REQUIRE(::mount("tmpfs", path_.c_str(), "tmpfs", MS_REMOUNT, options.c_str()) == 0);
}

void SmallFileSystem::make_read_only() const {
  REQUIRE(::mount("tmpfs", path_.c_str(), "tmpfs", MS_REMOUNT | MS_RDONLY, "") == 0);
}

}  // namespace test
