// What a stretch of work or a program cost: wall clock, processor time, memory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace bench {

struct Cost {
  double wall_seconds = 0;
  double cpu_seconds = 0;  // user and system, of all threads
  std::uint64_t peak_memory_bytes = 0;
};

// Of this process while `work` runs; the peak is that of the process's whole life.
Cost measure(const std::function<void()>& work);

struct Program {
  std::vector<std::string> arguments;  // the first is the program, looked up in PATH
  std::vector<std::pair<std::string, std::string>> environment;  // added to ours
  std::filesystem::path directory;                               // to run in; empty: ours
};
// Runs it to its end; what it prints is dropped. Error(failed) with the end of what it wrote to
// stderr unless it exits with 0.
Cost measure(const Program& program);

// Of each figure by itself. There is at least one.
Cost median(const std::vector<Cost>& costs);

// Whether there is such a program in PATH, or at the path that it is.
bool is_installed(const std::string& program);

// Bytes of all files below `directory`.
std::uint64_t size_of_tree(const std::filesystem::path& directory);

}  // namespace bench
