#include "web-status/worker_pool.h"

#include <utility>

namespace web {

WorkerPool::WorkerPool(std::size_t threads) {
  for (std::size_t i = 0; i < threads; ++i) {
    threads_.emplace_back([this](std::stop_token stop) { work(std::move(stop)); });
  }
}

WorkerPool::~WorkerPool() { stop(); }

void WorkerPool::stop() {
  for (std::jthread& thread : threads_) thread.request_stop();
  threads_.clear();          // joins
  std::deque<Task> dropped;  // outside the lock: what they hold may be large
  const std::lock_guard lock{mutex_};
  dropped.swap(queue_);
}

void WorkerPool::run(Task task) {
  {
    const std::lock_guard lock{mutex_};
    queue_.push_back(std::move(task));
  }
  changed_.notify_one();
}

void WorkerPool::work(std::stop_token stop) {
  std::unique_lock lock{mutex_};
  while (changed_.wait(lock, stop, [this] { return !queue_.empty(); })) {
    if (stop.stop_requested()) return;
    {
      const Task task = std::move(queue_.front());
      queue_.pop_front();
      lock.unlock();
      task();
    }  // what the task holds is released before the lock is taken again
    lock.lock();
  }
}

}  // namespace web
