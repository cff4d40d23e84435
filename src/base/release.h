// Owning C handles with std::unique_ptr: Release<&curl_easy_cleanup>.
#pragma once

namespace base {

template <auto release>
struct Release {
  template <typename Handle>
  void operator()(Handle* handle) const noexcept {
    release(handle);
  }
};

}  // namespace base
