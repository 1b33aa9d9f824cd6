// What can go wrong, as one message and one hint, and the exit codes that go with it.
#pragma once

#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>
#include <utility>

namespace bstkit {

class Error : public std::runtime_error {
 public:
  Error(int exit_code, const std::string& message, std::string hint)
      : std::runtime_error(message), exit_code(exit_code), hint(std::move(hint)) {}

  int exit_code;
  std::string hint;
};

// The answer is no: another contract, a changed file, scores that differ.
inline Error refusal(const std::string& message, const std::string& hint) { return {1, message, hint}; }

// It could not run: bad usage, bad input, a missing file.
inline Error unusable(const std::string& message, const std::string& hint) { return {2, message, hint}; }

inline const char* const changed = "take the bundle again from where it was exported; it was changed on the way";

// Runs a program's body and turns what it throws into a message and an exit code.
template <class Body>
int guarded(Body body) {
  try {
    return body();
  } catch (const Error& error) {
    std::fprintf(stderr, "error: %s\nhint:  %s\n", error.what(), error.hint.c_str());
    return error.exit_code;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error: %s\nhint:  this was not foreseen; keep the command and the bundle to repeat it\n",
                 error.what());
    return 2;
  }
}

}  // namespace bstkit
