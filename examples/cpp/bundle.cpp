#include "bundle.hpp"

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "error.hpp"
#include "sha256.hpp"

namespace bstkit {
namespace {

constexpr int kSchemaVersion = 1;
constexpr const char* kModel = "model.onnx";

using nlohmann::json;

std::string bytes_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (!file) throw unusable(path.string() + " cannot be read", "give a folder that `bstkit export` wrote");
  return bytes;
}

GoldenVector vector_of(const json& stated) {
  GoldenVector vector{stated.at("name").get<std::string>(), stated.at("folder").get<std::string>(), {}, {}};
  const json& twin = stated.at("twin");
  const json& order = stated.at("order");
  if (!twin.is_null()) vector.twin = twin.get<std::string>();
  if (!order.is_null()) vector.order = order.get<std::vector<std::size_t>>();
  return vector;
}

}  // namespace

Bundle::Bundle(std::filesystem::path folder, const Contract& compiled)
    : contract(compiled), folder_(std::move(folder)) {
  const std::filesystem::path path = folder_ / "manifest.json";
  const std::string text = bytes_of(path);
  try {
    const json manifest = json::parse(text);
    const int version = manifest.at("schema_version").get<int>();
    if (version != kSchemaVersion) {
      throw unusable(path.string() + " is of format " + std::to_string(version) + ", and this program reads format " +
                         std::to_string(kSchemaVersion),
                     "build the program again from the bundle's own cpp/");
    }
    const std::string sha256 = manifest.at("contract_sha256").get<std::string>();
    if (sha256 != compiled.sha256) {
      throw refusal(
          "the bundle has another contract than this program was compiled for:\n  bundle  " + sha256 + "\n  program " +
              std::string(compiled.sha256),
          "build the program again with -DBUNDLE=" + folder_.string() + ", and look at what its caller must change");
    }
    lowest_onnxruntime = manifest.at("graph").at("lowest_onnxruntime").get<std::string>();
    for (const json& one : manifest.at("vectors")) vectors.push_back(vector_of(one));
    for (const Output& output : compiled.outputs) {
      const std::string name(output.name);
      const json& one = manifest.at("tolerances").at(name);
      tolerances[name] = {one.at("atol").get<double>(), one.at("rtol").get<double>()};
    }
    for (const auto& [name, one] : manifest.at("files").items()) {
      files_[name] = {one.at("bytes").get<std::uint64_t>(), one.at("sha256").get<std::string>()};
    }
    for (const auto& [name, one] : manifest.at("vocabularies").items())
      rows_[name] = one.at("rows").get<std::int64_t>();
  } catch (const json::exception& error) {
    throw refusal(path.string() + " is damaged: " + error.what(), changed);
  }
}

std::filesystem::path Bundle::checked(const std::string& name) const {
  const std::filesystem::path path = folder_ / name;
  const auto stated = files_.find(name);
  if (stated == files_.end())
    throw unusable("the bundle " + folder_.string() + " has no " + name, "export it again with it");
  std::error_code missing;
  const std::uintmax_t bytes = std::filesystem::file_size(path, missing);
  if (missing) throw refusal(path.string() + " is missing", changed);
  if (bytes != stated->second.bytes) {
    throw refusal(
        path.string() + " has " + std::to_string(bytes) + " bytes instead of " + std::to_string(stated->second.bytes),
        changed);
  }
  if (sha256_of_file(path) != stated->second.sha256) {
    throw refusal(path.string() + " was changed: its digest is another one", changed);
  }
  return path;
}

std::string Bundle::read(const std::string& name) const { return bytes_of(checked(name)); }

std::filesystem::path Bundle::checked_model() const {
  const std::string data = std::string(kModel) + ".data";
  if (files_.count(data) != 0) checked(data);
  return checked(kModel);
}

std::int64_t Bundle::rows(std::string_view space) const {
  const auto found = rows_.find(space);
  if (found == rows_.end()) throw refusal("manifest.json says nothing of id space " + std::string(space), changed);
  return found->second;
}

}  // namespace bstkit
