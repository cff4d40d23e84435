// The same action for many things, a few at a time.
#pragma once

#include <cstddef>
#include <functional>

namespace base {

// Calls `action(i)` for each i below `count`, in order of beginning, on up to `lanes` threads; in
// the calling thread where one is enough. After an exception nothing new is begun; the first one is
// thrown once all lanes are back.
void run_side_by_side(std::size_t count, std::size_t lanes,
                      const std::function<void(std::size_t)>& action);

}  // namespace base
