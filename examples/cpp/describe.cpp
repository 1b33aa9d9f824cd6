#include "describe.hpp"

#include <nlohmann/json.hpp>

namespace bstkit {
namespace {

using Json = nlohmann::ordered_json;

const char* name_of(Dtype dtype) {
  switch (dtype) {
    case Dtype::int32: return "int32";
    case Dtype::int64: return "int64";
    case Dtype::float32: return "float32";
    case Dtype::string: return "string";
  }
  return "";
}

const char* name_of(Role role) {
  switch (role) {
    case Role::history: return "history";
    case Role::age: return "age";
    case Role::weight: return "weight";
    case Role::length: return "length";
    case Role::target: return "target";
    case Role::context_id: return "context_id";
    case Role::context_numeric: return "context_numeric";
  }
  return "";
}

Json described(const Input& input, const Contract& contract) {
  Json dims = Json::array();
  for (std::size_t i = 0; i < input.rank; ++i) {
    if (input.dims[i].size > 0) {
      dims.push_back(input.dims[i].size);
    } else {
      dims.push_back(input.dims[i].name);
    }
  }
  Json all{{"dtype", name_of(input.dtype)}, {"dims", dims}, {"role", name_of(input.role)}, {"column", input.column}};
  if (input.space != none) all["space"] = contract.spaces[static_cast<std::size_t>(input.space)].name;
  if (input.history != none) all["history"] = contract.histories[static_cast<std::size_t>(input.history)].name;
  return all;
}

}  // namespace

std::string describe(const Contract& contract) {
  const bool raw = contract.ids == Ids::raw;
  Json all{
      {"contract_version", contract.version}, {"contract_sha256", contract.sha256}, {"ids", raw ? "raw" : "encoded"}};
  for (const Input& input : contract.inputs) all["inputs"][std::string(input.name)] = described(input, contract);
  for (const Output& output : contract.outputs) {
    all["outputs"][std::string(output.name)] = {{"task", output.task}, {"probability", output.probability}};
  }
  for (const Space& space : contract.spaces) {
    Json& one = all["spaces"][std::string(space.name)];
    one = {{"vocabulary", space.vocabulary},
           {"padding_id", space.padding_id},
           {"unknown_id", space.unknown_id},
           {"first_id", space.first_id}};
    if (space.hash == Hash::sha256_64) one.update({{"hash", "sha256-64"}, {"hash_buckets", space.hash_buckets}});
  }
  for (const History& history : contract.histories) {
    Json& one = all["histories"][std::string(history.name)];
    one = {
        {"max_length", history.max_length}, {"order", history.order},         {"padding_side", history.padding_side},
        {"truncation", history.truncation}, {"time_rule", history.time_rule}, {"real_step", history.real_step},
        {"candidate", history.candidate}};
    if (history.max_age_s > 0) one["max_age_s"] = history.max_age_s;
  }
  return all.dump(2) + "\n";
}

std::string quoted(std::string_view text) { return Json(text).dump(); }

}  // namespace bstkit
