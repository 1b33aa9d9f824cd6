// A bundle as its manifest.json states it: the contract that it fulfils, and the size and digest of every file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "contract_types.hpp"

namespace bstkit {

// What a score may be away from the expected one: |found - expected| <= atol + rtol * |expected|.
struct Tolerance {
  double atol;
  double rtol;
};

// One data set of golden vectors.
struct GoldenVector {
  std::string name;
  std::string folder;
  std::string twin;                // of another one, whose scores it must have; empty for most
  std::vector<std::size_t> order;  // row i here is row order[i] there; empty where they stand in the same order
};

class Bundle {
 public:
  // Reads the manifest. Refuses a contract other than the compiled one, and a format that it does not know.
  Bundle(std::filesystem::path folder, const Contract& compiled);

  // The path of a file, once its size and digest are those of the manifest. Refuses a changed one.
  std::filesystem::path checked(const std::string& name) const;

  // The same, and its bytes.
  std::string read(const std::string& name) const;

  // The path of the model, once it and its external data, where it has some, are checked.
  std::filesystem::path checked_model() const;

  // Rows of an id space's table.
  std::int64_t rows(std::string_view space) const;

  const Contract& contract;
  std::string lowest_onnxruntime;
  std::vector<GoldenVector> vectors;
  std::map<std::string, Tolerance> tolerances;

 private:
  struct File {
    std::uint64_t bytes;
    std::string sha256;
  };

  std::filesystem::path folder_;
  std::map<std::string, File> files_;
  std::map<std::string, std::int64_t, std::less<>> rows_;
};

}  // namespace bstkit
