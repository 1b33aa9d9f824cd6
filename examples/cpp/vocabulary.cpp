#include "vocabulary.hpp"

#include <charconv>

#include "error.hpp"
#include "sha256.hpp"

namespace bstkit {

Vocabulary::Vocabulary(const Space& space, const Bundle& bundle)
    : text_(std::make_unique<const std::string>(bundle.read(std::string(space.vocabulary)))),
      unknown_id_(space.unknown_id) {
  const std::string file(space.vocabulary);
  const std::string_view text = *text_;
  std::int32_t id = space.first_id;
  for (std::size_t start = 0; start < text.size(); ++id) {
    const std::size_t end = text.find('\n', start);
    if (end == std::string::npos) throw refusal(file + " is cut short: its last line has no end", changed);
    const std::string_view key = text.substr(start, end - start);
    if (key.empty() || !ids_.emplace(key, id).second) {
      throw refusal(file + " has an empty or a repeated key for id " + std::to_string(id), changed);
    }
    start = end + 1;
  }
  if (id != bundle.rows(space.name)) {
    throw refusal(file + " makes " + std::to_string(id) + " rows, and the table of id space " +
                      std::string(space.name) + " has " + std::to_string(bundle.rows(space.name)),
                  changed);
  }
}

std::int32_t Vocabulary::id(std::string_view key) const {
  const auto found = ids_.find(key);
  return found == ids_.end() ? unknown_id_ : found->second;
}

std::int32_t hashed_id(const Space& space, std::string_view key) {
  if (key.empty()) return space.unknown_id;
  Sha256 digest;
  digest.update(key.data(), key.size());
  const auto bucket = digest.first_64_bits() % static_cast<std::uint64_t>(space.hash_buckets);
  return space.first_id + static_cast<std::int32_t>(bucket);
}

bool is_int64(std::string_view text, std::int64_t& value) {
  const std::string_view digits = text.substr(text.substr(0, 1) == "-" ? 1 : 0);
  if (digits.empty() || (digits[0] == '0' && text.size() > 1)) return false;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  return problem == std::errc() && end == text.data() + text.size();
}

}  // namespace bstkit
