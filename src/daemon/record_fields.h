// Looking into records that jobs told, which may lack any field.
#pragma once

#include "src/base/clock.h"
#include "src/jobs/record.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace appliance {

// Empty, 0, false, null where there is no such field, or one of another kind.
std::string text_in(const jobs::Record& record, std::string_view field);
std::uint64_t count_in(const jobs::Record& record, std::string_view field);
bool flag_in(const jobs::Record& record, std::string_view field);
double number_in(const jobs::Record& record, std::string_view field);
std::optional<base::Instant> instant_in(const jobs::Record& record, std::string_view field);
const jobs::Record* record_in(const jobs::Record& record, std::string_view field);
const jobs::Value::List* list_in(const jobs::Record& record, std::string_view field);

// Seconds, as records have them.
double seconds(base::Duration duration);
// As the configuration has it: "14d", "90m".
std::string written(base::Duration duration);

}  // namespace appliance
