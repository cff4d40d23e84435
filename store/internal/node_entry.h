// An entry of a node as it is written down: its key by what it does not share with the one before.
#pragma once

#include "store/fields.h"
#include "store/internal/tree_node.h"

#include <string_view>

namespace store {

// `before` is the key of the entry before, empty for the first one.
void write_entry(FieldWriter& fields, std::string_view before, std::string_view key,
                 base::ByteView payload);
// Error(corrupt) for lengths that cannot be. Whether keys ascend is not looked at.
TreeEntry read_entry(FieldReader& fields, std::string_view before);

}  // namespace store
