#include "src/base/side_by_side.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace base {

void run_side_by_side(std::size_t count, std::size_t lanes,
                      const std::function<void(std::size_t)>& action) {
  std::atomic<std::size_t> next{0};
  std::atomic<bool> failed{false};
  std::mutex mutex;
  std::exception_ptr failure;
  const auto work = [&] {
    try {
      for (std::size_t i = next++; i < count && !failed; i = next++) action(i);
    } catch (...) {
      failed = true;
      const std::lock_guard lock{mutex};
      if (!failure) failure = std::current_exception();
    }
  };
  {
    std::vector<std::jthread> threads;
    try {
      for (std::size_t i = 1; i < std::min(lanes, count); ++i) threads.emplace_back(work);
    } catch (const std::system_error&) {
      // The system has no more threads to give; those that there are do it all.
    }
    work();
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace base
