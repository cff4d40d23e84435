// A file system of a test's own, in memory: to be filled, resized and made read-only.
#pragma once

#include <filesystem>
#include <string>

namespace test {

// Mounted while it lives.
class SmallFileSystem {
 public:
  // Makes the directory `path` and mounts there; `options`: "size=6m".
  SmallFileSystem(std::filesystem::path path, const std::string& options);
  ~SmallFileSystem();
  SmallFileSystem(const SmallFileSystem&) = delete;
  SmallFileSystem& operator=(const SmallFileSystem&) = delete;

  // False, with a warning of the test, where nothing may be mounted.
  [[nodiscard]] bool is_there() const { return is_there_; }
  // "size=200m". Fails the test if it cannot be done.
  void remount(const std::string& options) const;
  void make_read_only() const;

 private:
  std::filesystem::path path_;
  bool is_there_ = false;
};

}  // namespace test
