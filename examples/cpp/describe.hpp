// A contract as JSON text.
#pragma once

#include <string>
#include <string_view>

#include "contract_types.hpp"

namespace bstkit {

// The contract as an indented JSON object, for people and programs.
std::string describe(const Contract& contract);

// A text as a JSON string, quotes included.
std::string quoted(std::string_view text);

}  // namespace bstkit
