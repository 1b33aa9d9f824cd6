// The model of a bundle in ONNX Runtime.
#pragma once

#include <vector>

#include "bundle.hpp"
#include "runtime.hpp"
#include "tensor.hpp"

namespace bstkit {

class Scorer {
 public:
  // Loads the model once its digest is right. Refuses one whose own metadata names another contract.
  // load_runtime comes first. `threads`: that work on one batch.
  Scorer(const Bundle& bundle, int threads);

  // One vector of scores for each output of the contract, in its order; one score a row.
  // May be called by several threads at once.
  std::vector<std::vector<float>> scores(const std::vector<Tensor>& inputs) const;

 private:
  const Contract& contract_;
  Ort::Env env_;
  mutable Ort::Session session_;  // its Run is not const and yet safe to share
};

}  // namespace bstkit
