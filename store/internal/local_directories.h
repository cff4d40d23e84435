// The directories of a store, and how they are reached: step by step from its root, so that no
// symbolic link below it is ever followed.
#pragma once

#include "src/base/file.h"
#include "src/base/synchronized.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace store {

class LocalDirectories {
 public:
  explicit LocalDirectories(std::filesystem::path root) : root_(std::move(root)) {}

  enum class Missing : std::uint8_t { tolerate, make };
  // Not open if it is missing and that is tolerated. What is made is its owner's alone, and stays.
  // Error(usage) if the root is no directory, Error(disk) if something else is none, or if the root
  // is not the one any more that was opened first: it is never made again.
  [[nodiscard]] base::FileHandle open_root(Missing missing) const;
  [[nodiscard]] base::FileHandle open(const std::vector<std::string>& components,
                                      Missing missing) const;

  // `name` is that of what lies in the directory, for messages.
  void sync(const base::FileHandle& directory, std::string_view name) const;

  [[nodiscard]] const std::filesystem::path& root() const { return root_; }
  [[nodiscard]] std::filesystem::path path_of(std::string_view name) const { return root_ / name; }

 private:
  // Throws Error(disk) if another directory lies where the store's was.
  void require_same(const base::FileHandle& root) const;

  std::filesystem::path root_;
  struct Identity {
    dev_t device;
    ino_t inode;
  };
  mutable base::Synchronized<std::optional<Identity>> identity_;  // of the root, once it was open
};

// Not open, and errno says why, if there is no directory of this name; a link is none.
base::FileHandle open_directory_at(const base::FileHandle& parent, const std::string& name);

// Every name in the open directory, in no order; `path` is for messages. The directory may change
// meanwhile.
void for_each_name(const base::FileHandle& directory, const std::filesystem::path& path,
                   const std::function<void(const std::string& name)>& on_name);

}  // namespace store
