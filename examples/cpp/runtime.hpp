// ONNX Runtime's library: the one that the program is linked with, or one that is opened when the program starts.
#pragma once

// The API table is set by load_runtime, not before main: an opened library is not there yet then.
#define ORT_API_MANUAL_INIT
#include <onnxruntime_cxx_api.h>
#undef ORT_API_MANUAL_INIT

#include <string>

namespace bstkit {

// Makes the functions of <onnxruntime_cxx_api.h> usable, and returns the library's version. To be called once, first.
//
// `path`: the library to open. Where it is empty, the environment variable BSTKIT_ORT_LIBRARY names it; where that is
// not set either, the system's `libonnxruntime.so` is taken. A program that is linked with the library takes no path.
std::string load_runtime(const std::string& path);

// Refuses a version of ONNX Runtime below the one that a bundle's graph needs.
void check_version(const std::string& found, const std::string& lowest);

}  // namespace bstkit
