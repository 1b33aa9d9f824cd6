// The types of contract.hpp: what is known about a model when a program is compiled.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace bstkit {

enum class Dtype { int32, int64, float32, string };
enum class Ids { encoded, raw };
enum class Hash { none, sha256_64 };  // a rule that these sources do not know does not compile
enum class Role { history, age, weight, length, target, context_id, context_numeric };

inline constexpr int none = -1;

// A fixed array of the contract; what C++20 calls a span.
template <class T>
struct List {
  const T* items;
  std::size_t count;

  constexpr const T* begin() const { return items; }
  constexpr const T* end() const { return items + count; }
  constexpr std::size_t size() const { return count; }
  constexpr const T& operator[](std::size_t index) const { return items[index]; }
};

struct Dim {
  std::string_view name;  // empty where the size is fixed
  std::int64_t size;      // 0 where it has a name
};

// One input of the graph; its name is also the key of a raw event.
struct Input {
  std::string_view name;
  Dtype dtype;
  Role role;
  std::array<Dim, 3> dims;  // the first `rank` of them
  std::size_t rank;
  std::string_view column;  // of the log
  int space;                // of ids: index in Contract::spaces; none for numbers
  int history;              // index in Contract::histories; none where a row has one value
  double padding;           // of numbers behind a history's last step; that of ids is their space's
};

struct Output {
  std::string_view name;
  std::string_view task;
  bool probability;  // in [0, 1]; else its log odds
};

// How keys become ids. In an encoded contract the graph takes the ids, in a raw one the keys themselves.
struct Space {
  std::string_view name;
  std::string_view vocabulary;  // file of the bundle; line n, from 1, is the key of id first_id + n - 1; or empty
  std::int32_t padding_id;
  std::int32_t unknown_id;
  std::int32_t first_id;
  std::int64_t padding_int64;     // the key of padding where raw keys are int64
  std::string_view padding_text;  // and where they are strings

  // Where there is no vocabulary: the rule that gives ids, and how many. sha256_64 is first_id + h % hash_buckets, where
  // h is the first 8 bytes of the SHA-256 of the key, most significant byte first; an empty key is unknown.
  Hash hash = Hash::none;
  std::int32_t hash_buckets = 0;
};

// How the steps of a history are chosen and laid out; the numbers are 0 and the texts empty where a rule has no place.
struct History {
  std::string_view name;
  int max_length;
  int max_sessions;
  int session_length;
  double session_gap_s;
  std::string_view source;
  std::string_view events;
  std::string_view time_rule;
  std::string_view age_rule;
  std::string_view order;
  std::string_view padding_side;
  std::string_view truncation;
  std::string_view real_step;
  std::string_view candidate;
  double max_age_s = 0;  // the caller leaves steps out that are more seconds older than the request; 0: none
};

struct Contract {
  int version;
  std::string_view sha256;
  Ids ids;
  List<Input> inputs;
  List<Output> outputs;
  List<Space> spaces;
  List<History> histories;
};

}  // namespace bstkit
