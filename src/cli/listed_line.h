// Records of folders and items as lines for people.
#pragma once

#include "src/jobs/record.h"

#include <cstddef>
#include <string>
#include <vector>

namespace cli {

// A folder or an item: one line, and the item's id beside it when `with_id`.
std::vector<std::string> listed_lines(const jobs::Record& record, std::size_t columns,
                                      bool with_id);

// A difference between two restore points: what it is, and where the thing came from if that was
// elsewhere.
std::vector<std::string> difference_lines(const jobs::Record& record, std::size_t columns,
                                          bool with_id);

}  // namespace cli
