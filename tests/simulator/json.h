// The JSON library of the simulator, by one name. Members keep the order in which they were added.
#pragma once

#include <nlohmann/json.hpp>

namespace simulator {

using Json = nlohmann::ordered_json;

}  // namespace simulator
