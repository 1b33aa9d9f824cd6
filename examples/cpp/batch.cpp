#include "batch.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

#include "error.hpp"
#include "history.hpp"

namespace bstkit {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

std::size_t size_of(const std::vector<std::int64_t>& shape) {
  std::size_t size = 1;
  for (const std::int64_t dim : shape) size *= static_cast<std::size_t>(dim);
  return size;
}

void put_number(Tensor& tensor, std::size_t at, double number) {
  std::visit(
      [&](auto& cells) {
        using Cell = typename std::decay_t<decltype(cells)>::value_type;
        if constexpr (!std::is_same_v<Cell, std::string>) cells[at] = static_cast<Cell>(number);
      },
      tensor.data);
}

// "0", "1", ... or "?", "??", ...: the first one that a vocabulary does not hold.
template <class Make>
auto first_unknown(const Vocabulary& vocabulary, Make make) {
  for (std::size_t count = 0;; ++count) {
    const std::string key = make(count);
    if (!vocabulary.holds(key)) return key;
  }
}

}  // namespace

BatchBuilder::BatchBuilder(const Bundle& bundle) : contract_(bundle.contract) {
  for (std::size_t i = 0; i < contract_.spaces.size(); ++i) {
    if (contract_.spaces[i].hash != Hash::none) continue;
    Vocabulary vocabulary(contract_.spaces[i], bundle);
    const std::string number = first_unknown(vocabulary, [](std::size_t count) { return std::to_string(count); });
    const std::string marks = first_unknown(vocabulary, [](std::size_t count) { return std::string(count + 1, '?'); });
    spaces_.emplace(static_cast<int>(i), KeySpace{std::move(vocabulary), std::stoll(number), marks});
  }
  if (contract_.inputs.size() > 0) fixed_rows_ = static_cast<std::size_t>(contract_.inputs[0].dims[0].size);
}

std::vector<Tensor> BatchBuilder::build(std::vector<Event> events) const {
  const std::size_t rows = std::max(events.size(), fixed_rows_);
  if (fixed_rows_ > 0 && rows > fixed_rows_) {
    throw unusable("a batch of " + std::to_string(rows) + " events is too large",
                   "the graph takes " + std::to_string(fixed_rows_) + " rows");
  }
  while (events.size() < rows) events.push_back({0, std::vector<Field>(contract_.inputs.size())});
  for (Event& event : events) fit_histories(event, contract_);
  std::vector<Tensor> tensors;
  for (std::size_t i = 0; i < contract_.inputs.size(); ++i) {
    const Input& input = contract_.inputs[i];
    Tensor tensor = filled(input, shape_of(i, events, contract_));
    for (std::size_t row = 0; row < rows; ++row) put_row(tensor, row, input, events[row], events[row].fields[i]);
    tensors.push_back(std::move(tensor));
  }
  return tensors;
}

Tensor BatchBuilder::filled(const Input& input, std::vector<std::int64_t> shape) const {
  const std::size_t size = size_of(shape);
  if (input.space == none) {
    if (input.dtype == Dtype::int32)
      return {shape, std::vector<std::int32_t>(size, static_cast<std::int32_t>(input.padding))};
    return {shape, std::vector<float>(size, static_cast<float>(input.padding))};
  }
  const Space& space = contract_.spaces[static_cast<std::size_t>(input.space)];
  if (input.dtype == Dtype::int32) return {shape, std::vector<std::int32_t>(size, space.padding_id)};
  if (input.dtype == Dtype::int64) return {shape, std::vector<std::int64_t>(size, space.padding_int64)};
  return {shape, std::vector<std::string>(size, std::string(space.padding_text))};
}

void BatchBuilder::put_row(Tensor& tensor, std::size_t row, const Input& input, const Event& event,
                           const Field& field) const {
  const std::size_t size = size_of(tensor.shape) / static_cast<std::size_t>(tensor.shape[0]);
  std::size_t at = row * size;
  if (input.rank == 1) return put(tensor, at, input, event, field.cells.empty() ? Scalar() : field.cells[0]);
  if (input.rank == 2) {
    for (const Scalar& cell : field.cells) put(tensor, at++, input, event, cell);
    return;
  }
  std::size_t next = 0;
  for (std::size_t session = 0; session < field.sessions.size(); ++session) {
    at = row * size + session * static_cast<std::size_t>(tensor.shape[2]);
    for (std::size_t i = 0; i < field.sessions[session]; ++i) put(tensor, at++, input, event, field.cells[next++]);
  }
}

void BatchBuilder::put(Tensor& tensor, std::size_t at, const Input& input, const Event& event,
                       const Scalar& scalar) const {
  using Kind = Scalar::Kind;
  const std::string name(input.name);
  const bool number = scalar.kind == Kind::integer || scalar.kind == Kind::real;
  if (input.space != none) {
    if (scalar.kind == Kind::real || scalar.kind == Kind::other) {
      wrong_event(event, name + " takes strings, integers and null");
    }
    return put_key(tensor, at, input, scalar.kind == Kind::null ? nullptr : &scalar.text);
  }
  if (!number && scalar.kind != Kind::null) wrong_event(event, name + " takes numbers and null");
  if (input.dtype == Dtype::float32) {
    if (std::abs(scalar.number) > std::numeric_limits<float>::max()) {
      wrong_event(event, name + " holds a number that float32 cannot hold");
    }
    return put_number(tensor, at, number ? scalar.number : kNan);
  }
  // Ages and lengths: whole, from 0 on.
  put_number(tensor, at, std::clamp(std::trunc(scalar.number), 0.0, double{std::numeric_limits<std::int32_t>::max()}));
}

void BatchBuilder::put_key(Tensor& tensor, std::size_t at, const Input& input, const std::string* key) const {
  const Space& space = contract_.spaces[static_cast<std::size_t>(input.space)];
  if (space.hash == Hash::sha256_64) {  // its ids are encoded: a graph cannot hash
    std::get<std::vector<std::int32_t>>(tensor.data)[at] = key == nullptr ? space.unknown_id : hashed_id(space, *key);
    return;
  }
  const KeySpace& keys = spaces_.at(input.space);
  const bool step = input.role == Role::history;  // there the padding key would say that the step is not there
  if (auto* ids = std::get_if<std::vector<std::int32_t>>(&tensor.data)) {
    (*ids)[at] = key == nullptr ? space.unknown_id : keys.vocabulary.id(*key);
  } else if (auto* numbers = std::get_if<std::vector<std::int64_t>>(&tensor.data)) {
    std::int64_t number = 0;
    const bool known = key != nullptr && is_int64(*key, number) && number != space.padding_int64;
    (*numbers)[at] = known ? number : step ? keys.unknown_int64 : space.padding_int64;
  } else {
    // ONNX Runtime takes strings that end at the first NUL, and no key of a vocabulary holds one.
    const bool usable = key != nullptr && *key != space.padding_text && key->find('\0') == std::string::npos;
    std::get<std::vector<std::string>>(tensor.data)[at] = usable ? *key
                                                          : step ? keys.unknown_text
                                                                 : std::string(space.padding_text);
  }
}

}  // namespace bstkit
