// What can happen to the files of a store: a table of named changes, each exact to the byte, so
// that no damaged store need be kept.
#pragma once

#include <filesystem>
#include <functional>
#include <span>
#include <string_view>

namespace golden {

struct Alteration {
  std::string_view name;
  // Changes the copy of a golden repository at `store`; `golden` is the folder it was copied from.
  void (*apply)(const std::filesystem::path& store, const std::filesystem::path& golden);
};

std::span<const Alteration> alterations();

}  // namespace golden
