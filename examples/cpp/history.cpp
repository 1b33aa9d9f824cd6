#include "history.hpp"

#include <algorithm>

#include "error.hpp"

namespace bstkit {
namespace {

using Cells = std::vector<Scalar>;

std::size_t step_dims(const Input& input) { return input.rank - 1; }

bool has_steps(const Input& input) { return input.rank > 1; }

void check_nesting(const Event& event, const Input& input, Field& field) {
  if (field.missing()) field = {step_dims(input), {}, {}};
  if (has_steps(input) && field.rank == 1 && field.cells.empty())
    field.rank = step_dims(input);  // `[]` is an empty history of either kind
  if (field.rank == step_dims(input)) return;
  const char* wanted = input.rank == 1   ? "one value"
                       : input.rank == 2 ? "an array"
                                         : "an array of arrays, one a session";
  wrong_event(event, std::string(input.name) + " is not " + wanted);
}

// "3 steps", or "3 steps in sessions of 2 and 1".
std::string described(const Field& field) {
  std::string text = std::to_string(field.cells.size()) + " steps";
  for (std::size_t i = 0; i < field.sessions.size(); ++i) {
    text += (i == 0 ? " in sessions of " : ", ") + std::to_string(field.sessions[i]);
  }
  return text;
}

// Keeps the last `most` of the cells from `begin` to `end`.
void append_last(Cells& kept, Cells& cells, std::size_t begin, std::size_t end, std::int64_t most) {
  const std::size_t count = std::min(end - begin, static_cast<std::size_t>(most));
  for (std::size_t i = end - count; i < end; ++i) kept.push_back(std::move(cells[i]));
}

// Keeps the most recent steps, and sessions, that fixed sizes have room for.
void cut(Field& field, const Input& input) {
  const std::int64_t steps = input.dims[input.rank - 1].size;
  Cells kept;
  if (input.rank == 2) {
    append_last(kept, field.cells, 0, field.cells.size(), steps);
  } else {
    while (!field.sessions.empty() && field.sessions.back() == 0) field.sessions.pop_back();  // takes no place
    std::vector<std::size_t> sessions;
    std::size_t begin = 0;
    const auto most = static_cast<std::size_t>(input.dims[1].size);
    for (std::size_t i = 0; i < field.sessions.size(); begin += field.sessions[i++]) {
      if (i + most < field.sessions.size()) continue;
      append_last(kept, field.cells, begin, begin + field.sessions[i], steps);
      sessions.push_back(std::min(field.sessions[i], static_cast<std::size_t>(steps)));
    }
    field.sessions = std::move(sessions);
  }
  field.cells = std::move(kept);
}

// How many of the steps count, from the first: what the event says, else all.
std::size_t counted(const Event& event, const Input& input, const Field& stated, std::size_t steps) {
  if (stated.missing()) return steps;
  const Scalar& length = stated.cells[0];
  if (length.kind != Scalar::Kind::integer || length.number < 0 || length.number > static_cast<double>(steps)) {
    wrong_event(event, std::string(input.name) + " is no whole number from 0 to " + std::to_string(steps) +
                           ", the steps of its history");
  }
  return static_cast<std::size_t>(length.number);
}

void fit_history(Event& event, const Contract& contract, int history) {
  std::vector<std::size_t> members;  // positions of the inputs that have steps
  std::size_t length = contract.inputs.size();
  for (std::size_t i = 0; i < contract.inputs.size(); ++i) {
    if (contract.inputs[i].history != history) continue;
    check_nesting(event, contract.inputs[i], event.fields[i]);
    if (has_steps(contract.inputs[i])) {
      members.push_back(i);
    } else {
      length = i;
    }
  }
  if (members.empty()) return;
  const Input& first = contract.inputs[members[0]];
  const Field& steps = event.fields[members[0]];
  for (const std::size_t i : members) {
    const Field& field = event.fields[i];
    if (field.cells.size() != steps.cells.size() || field.sessions != steps.sessions) {
      wrong_event(event, std::string(first.name) + " has " + described(steps) + " and " +
                             std::string(contract.inputs[i].name) + " has " + described(field) +
                             ", and they are one history");
    }
  }
  std::size_t count = steps.cells.size();
  if (length < contract.inputs.size()) {
    count = counted(event, contract.inputs[length], event.fields[length], count);
    for (const std::size_t i : members) event.fields[i].cells.resize(count);
  }
  if (first.dims[first.rank - 1].size > 0) {
    for (const std::size_t i : members) cut(event.fields[i], contract.inputs[i]);
    count = steps.cells.size();
  }
  if (length < contract.inputs.size()) {
    event.fields[length] = {0, {{Scalar::Kind::integer, static_cast<double>(count), {}}}, {}};
  }
}

}  // namespace

void wrong_event(const Event& event, const std::string& what) {
  throw unusable("line " + std::to_string(event.line) + ": " + what, "README.md says what each input takes");
}

void fit_histories(Event& event, const Contract& contract) {
  for (std::size_t i = 0; i < contract.inputs.size(); ++i) {
    if (contract.inputs[i].history == none) check_nesting(event, contract.inputs[i], event.fields[i]);
  }
  for (std::size_t i = 0; i < contract.histories.size(); ++i) fit_history(event, contract, static_cast<int>(i));
}

std::vector<std::int64_t> shape_of(std::size_t position, const std::vector<Event>& events, const Contract& contract) {
  const Input& input = contract.inputs[position];
  std::vector<std::int64_t> shape{static_cast<std::int64_t>(events.size())};
  std::size_t sessions = 1, steps = 1;
  for (const Event& event : events) {
    const Field& field = event.fields[position];
    sessions = std::max(sessions, field.sessions.size());
    if (input.rank == 2) steps = std::max(steps, field.cells.size());
    for (const std::size_t session : field.sessions) steps = std::max(steps, session);
  }
  for (std::size_t axis = 1; axis < input.rank; ++axis) {
    const std::size_t longest = axis + 1 == input.rank ? steps : sessions;
    const std::int64_t fixed = input.dims[axis].size;
    shape.push_back(fixed > 0 ? fixed : static_cast<std::int64_t>(longest));
  }
  return shape;
}

}  // namespace bstkit
