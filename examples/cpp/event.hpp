// One raw event: a line of JSON, reduced to the inputs of the contract.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "contract_types.hpp"

namespace bstkit {

// A JSON value that is no array. An integer keeps its decimal text, whatever its size: it may be a key.
struct Scalar {
  enum class Kind { null, integer, real, text, other };

  Kind kind = Kind::null;
  double number = 0;
  std::string text;
};

// What an event says of one input: a value, an array of values, or an array of arrays.
struct Field {
  std::size_t rank = 0;               // how deep arrays are nested, at most 2
  std::vector<Scalar> cells;          // all values in order, whatever the rank
  std::vector<std::size_t> sessions;  // rank 2: how many of them each inner array holds

  // Whether the event says nothing: no such key, or null.
  bool missing() const { return rank == 0 && (cells.empty() || cells[0].kind == Scalar::Kind::null); }
};

struct Event {
  std::size_t line;           // of its file, from 1
  std::vector<Field> fields;  // one for each input of the contract
};

// Reads an event. What is no JSON object, or nests arrays otherwise, is an error that names the line; keys that the
// contract does not have are skipped.
Event parse_event(std::string_view json, std::size_t line, const Contract& contract);

}  // namespace bstkit
