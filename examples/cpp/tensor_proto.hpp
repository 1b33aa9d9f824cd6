// Reads the golden vectors' files: one TensorProto of ONNX each.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "tensor.hpp"

namespace bstkit {

struct NamedTensor {
  std::string name;
  Tensor tensor;
};

// Reads what a bundle's vectors hold: int32, int64 and float32 as raw data, and strings. The few fields that this takes
// are read here, with every length checked, so that a serving team needs neither protobuf nor onnx.proto.
// What is anything else, or damaged, is refused.
NamedTensor read_tensor(std::string_view bytes, const std::string& file);

}  // namespace bstkit
