// A fixed number of threads that answer requests, and a queue before them.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>
#include <vector>

namespace web {

// Thread-safe. Tasks must not throw.
class WorkerPool {
 public:
  using Task = std::function<void()>;

  explicit WorkerPool(std::size_t threads);
  // Stops.
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // Never waits: whoever calls it keeps the number of tasks within bounds.
  void run(Task task);
  // Waits for the tasks that are running; those that wait are dropped. May be called again.
  void stop();

 private:
  void work(std::stop_token stop);

  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Task> queue_;
  std::vector<std::jthread> threads_;
};

}  // namespace web
