// A tensor in plain C++.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace bstkit {

struct Tensor {
  using Data =
      std::variant<std::vector<std::int32_t>, std::vector<std::int64_t>, std::vector<float>, std::vector<std::string>>;

  std::vector<std::int64_t> shape;
  Data data;
};

}  // namespace bstkit
