#include "runtime.hpp"

#include <algorithm>
#include <cstdlib>

#ifndef BSTKIT_LINKED
#include <dlfcn.h>
#endif

#include "error.hpp"

namespace bstkit {
namespace {

// The API of ONNX Runtime 1.12, the oldest that loads a bundle, has every function that is called here. Entries are
// only ever added behind the others, so newer headers do no harm, and one binary runs with older and newer libraries
// alike.
constexpr std::uint32_t kApiVersion = 12;

#ifdef BSTKIT_LINKED

const OrtApiBase* open_library(const std::string& path) {
  if (!path.empty()) {
    throw unusable("this program is linked with ONNX Runtime and cannot open " + path,
                   "leave --ort-library out, or build without -DORT_ROOT");
  }
  return OrtGetApiBase();
}

#else

const OrtApiBase* open_library(const std::string& stated) {
  const char* set = std::getenv("BSTKIT_ORT_LIBRARY");
  const std::string path = !stated.empty() ? stated : set != nullptr ? set : "libonnxruntime.so";
  const char* const hint = "name ONNX Runtime's library with --ort-library or BSTKIT_ORT_LIBRARY";
  void* const library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);  // never closed: it lives as long as the program
  if (library == nullptr) throw unusable(std::string("cannot open ONNX Runtime: ") + dlerror(), hint);
  void* const found = dlsym(library, "OrtGetApiBase");
  if (found == nullptr) throw unusable(path + " is not ONNX Runtime: it has no OrtGetApiBase", hint);
  return reinterpret_cast<const OrtApiBase* (*)()>(found)();
}

#endif

// The next number of a version such as "1.20.1", which is taken from its front.
long next_number(std::string& version) {
  const std::size_t end = std::min(version.find('.'), version.size());
  const long number = std::strtol(version.substr(0, end).c_str(), nullptr, 10);
  version.erase(0, end + 1);
  return number;
}

}  // namespace

std::string load_runtime(const std::string& path) {
  const OrtApiBase* const base = open_library(path);
  const std::string version = base->GetVersionString();
  const OrtApi* const api = base->GetApi(kApiVersion);
  if (api == nullptr) throw unusable("ONNX Runtime " + version + " is too old", "take 1.12 or later");
  Ort::InitApi(api);
  return version;
}

void check_version(const std::string& found, const std::string& lowest) {
  std::string rest = found, wanted = lowest;
  while (!wanted.empty()) {
    const long ours = next_number(rest), theirs = next_number(wanted);
    if (ours > theirs) return;
    if (ours < theirs) {
      throw unusable("this ONNX Runtime is " + found + ", and the bundle's graph needs " + lowest + " or later",
                     "take a later ONNX Runtime");
    }
  }
}

}  // namespace bstkit
