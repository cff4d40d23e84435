// The lock of the one who writes to a store in a directory.
#pragma once

#include "src/base/file.h"
#include "store/backend.h"
#include "store/internal/local_trash.h"

#include <filesystem>
#include <memory>

namespace store {

inline constexpr const char* kLockFile = "lock";

// flock(2) on the file `lock` in the open directory, which lies at `path`; it holds the owner's
// name for messages. Error(in_use) naming the one that holds it. With Reserve::use the space set
// aside is given up if the name needs it.
std::unique_ptr<Backend::Lock> lock_directory(const base::FileHandle& directory,
                                              const std::filesystem::path& path,
                                              Backend::Reserve reserve, const LocalReserve& space);

}  // namespace store
