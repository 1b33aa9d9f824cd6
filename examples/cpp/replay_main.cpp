// bstkit_replay: scores the golden vectors of a bundle and compares them with what TensorFlow gave.

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "arguments.hpp"
#include "contract.hpp"
#include "error.hpp"
#include "scorer.hpp"
#include "tensor_proto.hpp"

namespace bstkit {
namespace {

constexpr const char* kUsage =
    "bstkit_replay --bundle FOLDER [--vector NAME] [--ort-library FILE]\n"
    "    replays one golden vector of the bundle, or all; a vector that has a twin is compared with it, too\n"
    "Exit code 0: the scores are right; 1: they are not, or the bundle was refused; 2: it could not run.\n";

using Scores = std::vector<std::vector<float>>;

template <class Named>
std::vector<Tensor> read(const Bundle& bundle, const std::string& folder, const char* kind, const List<Named>& named) {
  std::vector<Tensor> tensors;
  for (std::size_t i = 0; i < named.size(); ++i) {
    const std::string file = folder + "/" + kind + "_" + std::to_string(i) + ".pb";
    NamedTensor found = read_tensor(bundle.read(file), file);
    if (found.name != named[i].name) {
      throw refusal(file + " holds '" + found.name + "' instead of '" + std::string(named[i].name) + "'", changed);
    }
    tensors.push_back(std::move(found.tensor));
  }
  return tensors;
}

Scores score(const Bundle& bundle, const Scorer& scorer, const GoldenVector& vector) {
  return scorer.scores(read(bundle, vector.folder, "input", bundle.contract.inputs));
}

// Compares row i of `found` with row order[i] of `expected`, and prints the largest difference.
void compare(const Scores& found, const Scores& expected, const std::vector<std::size_t>& order,
             const std::string& what, const Bundle& bundle) {
  for (std::size_t i = 0; i < found.size(); ++i) {
    const std::string output(bundle.contract.outputs[i].name);
    const Tolerance tolerance = bundle.tolerances.at(output);
    if (found[i].size() != expected[i].size())
      throw refusal(what + ": output '" + output + "' has other rows", changed);
    double most = 0;
    for (std::size_t row = 0; row < found[i].size(); ++row) {
      const double wanted = expected[i].at(order.empty() ? row : order.at(row));
      const double difference = std::abs(static_cast<double>(found[i][row]) - wanted);
      most = std::max(most, difference);
      if (!(difference <= tolerance.atol + tolerance.rtol * std::abs(wanted))) {
        throw refusal(what + ": output '" + output + "', row " + std::to_string(row) + " is " +
                          std::to_string(found[i][row]) + " instead of " + std::to_string(wanted),
                      "this ONNX Runtime does not give the bundle's numbers: take the version that its manifest names");
      }
    }
    std::printf("%s: %s, %zu rows, max |diff| %.3g\n", what.c_str(), output.c_str(), found[i].size(), most);
  }
}

void replay(const Bundle& bundle, const Scorer& scorer, const GoldenVector& vector) {
  const Scores found = score(bundle, scorer, vector);
  Scores expected;
  for (const Tensor& tensor : read(bundle, vector.folder, "output", bundle.contract.outputs)) {
    const auto* scores = std::get_if<std::vector<float>>(&tensor.data);
    if (scores == nullptr) throw refusal(vector.folder + " holds scores that are no float32", changed);
    expected.push_back(*scores);
  }
  compare(found, expected, {}, vector.name, bundle);
  for (const GoldenVector& twin : bundle.vectors) {
    if (!vector.twin.empty() && twin.name == vector.twin) {
      compare(found, score(bundle, scorer, twin), vector.order, vector.name + " and " + twin.name, bundle);
    }
  }
}

int run(int count, char** values) {
  const Arguments arguments(count, values, {"--bundle", "--vector", "--ort-library"}, {"--help"});
  if (arguments.has("--help")) return std::fputs(kUsage, stdout), 0;
  const Bundle bundle(arguments.needed("--bundle"), compiled::contract);
  check_version(load_runtime(arguments.text("--ort-library", "")), bundle.lowest_onnxruntime);
  const Scorer scorer(bundle, 1);
  const std::string name = arguments.text("--vector", "");
  bool any = false;
  for (const GoldenVector& vector : bundle.vectors) {
    if (!name.empty() && vector.name != name) continue;
    replay(bundle, scorer, vector);
    any = true;
  }
  if (!any)
    throw unusable("the bundle has no golden vector '" + name + "'", "its manifest.json names them under vectors");
  return 0;
}

}  // namespace
}  // namespace bstkit

int main(int count, char** values) {
  return bstkit::guarded([&] { return bstkit::run(count, values); });
}
