// The steps of an event's histories: that their inputs agree, and how many of them go into the tensors.
#pragma once

#include <cstdint>
#include <vector>

#include "event.hpp"

namespace bstkit {

// Checks and completes the histories of an event in place: every input of a history has equally many steps, those
// behind a stated length are dropped, one that is not stated is counted, and where the contract's sizes are fixed only
// the most recent steps are left.
void fit_histories(Event& event, const Contract& contract);

// The shape of one input in a batch: as many sessions and steps as the longest row has, at least one of each.
std::vector<std::int64_t> shape_of(std::size_t position, const std::vector<Event>& events, const Contract& contract);

// An error about one input of an event, which names its line.
[[noreturn]] void wrong_event(const Event& event, const std::string& what);

}  // namespace bstkit
