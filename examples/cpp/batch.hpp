// Raw events to the tensors of one batch: keys to ids, histories padded to one length.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "bundle.hpp"
#include "event.hpp"
#include "tensor.hpp"
#include "vocabulary.hpp"

namespace bstkit {

class BatchBuilder {
 public:
  // Reads the bundle's vocabularies. Refuses damaged ones.
  explicit BatchBuilder(const Bundle& bundle);

  // The contract's inputs, in its order. Where the graph has a fixed number of rows the batch is filled up to it with
  // rows whose scores are to be dropped. An event that breaks the format is an error that names its line.
  std::vector<Tensor> build(std::vector<Event> events) const;

  // How many rows the graph takes; 0: any number.
  std::size_t fixed_rows() const { return fixed_rows_; }

 private:
  struct KeySpace {
    Vocabulary vocabulary;
    std::int64_t unknown_int64;  // raw ids: a key that the vocabulary does not hold
    std::string unknown_text;
  };

  Tensor filled(const Input& input, std::vector<std::int64_t> shape) const;
  void put_row(Tensor& tensor, std::size_t row, const Input& input, const Event& event, const Field& field) const;
  void put(Tensor& tensor, std::size_t at, const Input& input, const Event& event, const Scalar& scalar) const;
  void put_key(Tensor& tensor, std::size_t at, const Input& input, const std::string* key) const;

  const Contract& contract_;
  std::size_t fixed_rows_ = 0;
  std::map<int, KeySpace> spaces_;  // of those that are not hashed
};

}  // namespace bstkit
