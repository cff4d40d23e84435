// A repository in a directory of a local (or mounted) file system.
#pragma once

#include "store/backend.h"

#include <filesystem>
#include <memory>

namespace store {

// Nothing is touched before the first call; a directory that is not there reads as empty and is
// made by the first write. Files are made 0600 and directories 0700, and no symbolic link inside
// the directory is followed. A failed sync is final: the object is dropped and Error(disk) thrown;
// writing the same object again is up to the caller. Error(usage) if `path` is there but no
// directory.
std::unique_ptr<Backend> open_local(const std::filesystem::path& path);

}  // namespace store
