// Which key of an id space has which id: by a vocabulary, or by a hash.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "bundle.hpp"

namespace bstkit {

class Vocabulary {
 public:
  // Reads the space's file of the bundle. Refuses one that is damaged or does not belong to the model's table.
  Vocabulary(const Space& space, const Bundle& bundle);

  // The id of a key; the unknown id where the vocabulary does not hold it.
  std::int32_t id(std::string_view key) const;

  bool holds(std::string_view key) const { return ids_.count(key) != 0; }

 private:
  std::unique_ptr<const std::string> text_;  // what the keys are views of; does not move with this object
  std::unordered_map<std::string_view, std::int32_t> ids_;
  std::int32_t unknown_id_;
};

// The id of a key by the rule sha256_64: there is no vocabulary, and keys may share an id.
std::int32_t hashed_id(const Space& space, std::string_view key);

// Whether a text is the one way to write an int64 in decimal: `7` and `-7`, not `007`, `+7` or `7.0`.
bool is_int64(std::string_view text, std::int64_t& value);

}  // namespace bstkit
