// Which of the two forms of the mailbox API a tenant is spoken to by.
#pragma once

#include <cstdint>

namespace graph {

enum class ApiForm : std::uint8_t {
  items,        // the documented one: an item is a stream
  folder_jobs,  // the article's: a folder is one (folder_jobs_service.h)
};

}  // namespace graph
