#include "tensor_proto.hpp"

#include <cstring>

#include "error.hpp"

namespace bstkit {
namespace {

// Fields of TensorProto and values of its data_type; onnx.proto fixes them for good.
enum Field { kDims = 1, kDataType = 2, kStringData = 6, kName = 8, kRawData = 9 };
enum DataType { kFloat = 1, kInt32 = 6, kInt64 = 7, kString = 8 };
enum WireType { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

// A protobuf message as its wire format has it: tags, numbers and runs of bytes.
class Wire {
 public:
  Wire(std::string_view bytes, const std::string& file) : bytes_(bytes), file_(file) {}

  bool done() const { return bytes_.empty(); }

  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (int bit = 0; bit < 64; bit += 7) {
      const auto byte = static_cast<std::uint8_t>(take(1)[0]);
      value |= std::uint64_t{byte & 0x7Fu} << bit;
      if (byte < 0x80) return value;
    }
    damaged("a number without end");
  }

  std::string_view run() { return take(varint()); }

  void skip(std::uint64_t wire_type) {
    switch (wire_type) {
      case kVarint: varint(); return;
      case kFixed64: take(8); return;
      case kBytes: run(); return;
      case kFixed32: take(4); return;
      default: damaged("wire type " + std::to_string(wire_type));
    }
  }

  [[noreturn]] void damaged(const std::string& what) const {
    throw refusal(file_ + " is no tensor that a bundle holds: " + what, changed);
  }

 private:
  std::string_view take(std::uint64_t size) {
    if (size > bytes_.size()) damaged("it is cut short");
    const std::string_view taken = bytes_.substr(0, static_cast<std::size_t>(size));
    bytes_.remove_prefix(taken.size());
    return taken;
  }

  std::string_view bytes_;
  const std::string& file_;
};

template <class Cell>
std::vector<Cell> cells_of(std::string_view raw, std::uint64_t count, const Wire& wire) {
  if (raw.size() / sizeof(Cell) != count || raw.size() % sizeof(Cell) != 0)
    wire.damaged("data and dimensions disagree");
  std::vector<Cell> cells(raw.size() / sizeof(Cell));
  if (!cells.empty())
    std::memcpy(cells.data(), raw.data(), raw.size());  // raw data is little-endian, as we take hosts to be
  return cells;
}

}  // namespace

NamedTensor read_tensor(std::string_view bytes, const std::string& file) {
  Wire wire(bytes, file);
  NamedTensor found;
  std::uint64_t data_type = 0;
  std::string_view raw;
  std::vector<std::string> strings;
  while (!wire.done()) {
    const std::uint64_t tag = wire.varint();
    const std::uint64_t field = tag >> 3, wire_type = tag & 7;
    if (field == kDims && wire_type == kVarint) {
      found.tensor.shape.push_back(static_cast<std::int64_t>(wire.varint()));
    } else if (field == kDims && wire_type == kBytes) {  // packed, as other writers do it
      for (Wire packed(wire.run(), file); !packed.done();) {
        found.tensor.shape.push_back(static_cast<std::int64_t>(packed.varint()));
      }
    } else if (field == kDataType && wire_type == kVarint) {
      data_type = wire.varint();
    } else if (field == kStringData && wire_type == kBytes) {
      strings.emplace_back(wire.run());
    } else if (field == kName && wire_type == kBytes) {
      found.name = wire.run();
    } else if (field == kRawData && wire_type == kBytes) {
      raw = wire.run();
    } else {
      wire.skip(wire_type);
    }
  }
  std::uint64_t count = 1;
  for (const std::int64_t dim : found.tensor.shape) {
    if (dim < 0 || (dim > 0 && count > bytes.size() / static_cast<std::uint64_t>(dim)))
      wire.damaged("dimensions past its size");
    count *= static_cast<std::uint64_t>(dim);
  }
  switch (data_type) {
    case kFloat: found.tensor.data = cells_of<float>(raw, count, wire); break;
    case kInt32: found.tensor.data = cells_of<std::int32_t>(raw, count, wire); break;
    case kInt64: found.tensor.data = cells_of<std::int64_t>(raw, count, wire); break;
    case kString:
      if (strings.size() != count) wire.damaged("data and dimensions disagree");
      found.tensor.data = std::move(strings);
      break;
    default: wire.damaged("data type " + std::to_string(data_type));
  }
  return found;
}

}  // namespace bstkit
