#include "src/base/error.h"

#include "src/base/text.h"

#include <cerrno>
#include <new>
#include <system_error>
#include <utility>

namespace base {

std::string_view name(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::usage:
      return "usage";
    case ErrorKind::failed:
      return "failed";
    case ErrorKind::unavailable:
      return "unavailable";
    case ErrorKind::protocol:
      return "protocol";
    case ErrorKind::denied:
      return "denied";
    case ErrorKind::not_found:
      return "not_found";
    case ErrorKind::no_store:
      return "no_store";
    case ErrorKind::in_use:
      return "in_use";
    case ErrorKind::wrong_key:
      return "wrong_key";
    case ErrorKind::corrupt:
      return "corrupt";
    case ErrorKind::full:
      return "full";
    case ErrorKind::disk:
      return "disk";
    case ErrorKind::cancelled:
      return "cancelled";
  }
  return "failed";
}

Error::Error(ErrorKind kind, std::string message)
    : kind_(kind), message_(std::move(message)), whole_(printable(message_)) {}

Error& Error::add_context(std::string context) {
  whole_ += text("; ", printable(context));
  context_.push_back(std::move(context));
  return *this;
}

Error current_error() {
  try {
    throw;
  } catch (const Error& error) {
    return error;
  } catch (const std::bad_alloc&) {
    return Error{ErrorKind::failed, "out of memory"};
  } catch (const std::system_error& error) {
    const std::error_category& category = error.code().category();
    if (category != std::generic_category() && category != std::system_category()) {
      return Error{ErrorKind::failed, error.what()};
    }
    if (error.code() == std::errc::resource_unavailable_try_again ||
        error.code() == std::errc::not_enough_memory) {
      // No thread or no memory to be had: not the disk's fault.
      return Error{ErrorKind::failed, error.what()};
    }
    const Error classed = system_error({}, error.code().value());
    return Error{classed.kind(), error.what()};
  } catch (const std::exception& error) {
    return Error{ErrorKind::failed, error.what()};
  } catch (...) {
    return Error{ErrorKind::failed, "an exception of unknown type"};
  }
}

Error system_error(std::string_view what_failed, int error_number) {
  const bool full = error_number == ENOSPC || error_number == EDQUOT;
  return Error{full ? ErrorKind::full : ErrorKind::disk,
               text(what_failed, ": ", std::generic_category().message(error_number))};
}

}  // namespace base
