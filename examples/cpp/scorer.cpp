#include "scorer.hpp"

#include <string>

#include "error.hpp"

namespace bstkit {
namespace {

constexpr const char* kDigest = "bstkit.contract.sha256";

Ort::Session load(Ort::Env& env, const Bundle& bundle, int threads) {
  const std::filesystem::path path = bundle.checked_model();
  Ort::SessionOptions options;
  options.SetIntraOpNumThreads(threads);
  options.SetInterOpNumThreads(1);
  try {
    return Ort::Session(env, path.c_str(), options);
  } catch (const Ort::Exception& error) {
    throw unusable("ONNX Runtime cannot load " + path.string() + ": " + error.what(),
                   "take an ONNX Runtime that the bundle's manifest.json names");
  }
}

std::string digest_of(const Ort::Session& session) {
  Ort::AllocatorWithDefaultOptions allocator;
  const auto text = session.GetModelMetadata().LookupCustomMetadataMapAllocated(kDigest, allocator);
  return text ? std::string(text.get()) : "none";
}

// A view of a tensor for ONNX Runtime; strings are copied, everything else must outlive it.
Ort::Value value_of(const Tensor& tensor) {
  const std::vector<std::int64_t>& shape = tensor.shape;
  return std::visit(
      [&](const auto& cells) {
        using Cell = typename std::decay_t<decltype(cells)>::value_type;
        if constexpr (std::is_same_v<Cell, std::string>) {
          Ort::AllocatorWithDefaultOptions allocator;
          Ort::Value value =
              Ort::Value::CreateTensor(allocator, shape.data(), shape.size(), ONNX_TENSOR_ELEMENT_DATA_TYPE_STRING);
          std::vector<const char*> texts;
          for (const std::string& cell : cells) texts.push_back(cell.c_str());
          value.FillStringTensor(texts.data(), texts.size());
          return value;
        } else {
          const auto memory = Ort::MemoryInfo::CreateCpu(OrtArenaAllocator, OrtMemTypeDefault);
          // ONNX Runtime takes inputs as memory that could be written, and only reads it.
          return Ort::Value::CreateTensor<Cell>(memory, const_cast<Cell*>(cells.data()), cells.size(), shape.data(),
                                                shape.size());
        }
      },
      tensor.data);
}

template <class Named>
std::vector<std::string> names_of(const List<Named>& named) {
  std::vector<std::string> names;
  for (const Named& one : named) names.emplace_back(one.name);
  return names;
}

std::vector<const char*> pointers_to(const std::vector<std::string>& names) {
  std::vector<const char*> pointers;
  for (const std::string& name : names) pointers.push_back(name.c_str());
  return pointers;
}

}  // namespace

Scorer::Scorer(const Bundle& bundle, int threads)
    : contract_(bundle.contract), env_(ORT_LOGGING_LEVEL_ERROR, "bstkit"), session_(load(env_, bundle, threads)) {
  const std::string digest = digest_of(session_);
  if (digest != contract_.sha256) {
    throw refusal("the model has another contract than this program was compiled for:\n  model   " + digest +
                      "\n  program " + std::string(contract_.sha256),
                  changed);
  }
}

std::vector<std::vector<float>> Scorer::scores(const std::vector<Tensor>& inputs) const {
  std::vector<Ort::Value> values;
  for (const Tensor& tensor : inputs) values.push_back(value_of(tensor));
  const std::vector<std::string> names = names_of(contract_.inputs), outputs = names_of(contract_.outputs);
  const std::vector<Ort::Value> found = session_.Run(Ort::RunOptions{nullptr}, pointers_to(names).data(), values.data(),
                                                     values.size(), pointers_to(outputs).data(), outputs.size());
  std::vector<std::vector<float>> scores;
  for (const Ort::Value& value : found) {
    const std::size_t rows = value.GetTensorTypeAndShapeInfo().GetElementCount();
    const float* const first = value.GetTensorData<float>();
    scores.emplace_back(first, first + rows);
  }
  return scores;
}

}  // namespace bstkit
