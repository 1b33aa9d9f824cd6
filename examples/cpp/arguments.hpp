// The options of a command line: `--name value`, or `--name` alone where it takes none.
#pragma once

#include <map>
#include <set>
#include <string>

namespace bstkit {

class Arguments {
 public:
  // Reads them; what is not among `valued` and `plain` is an error that names those.
  Arguments(int count, char** values, const std::set<std::string>& valued, const std::set<std::string>& plain);

  bool has(const std::string& name) const { return values_.count(name) != 0; }

  // The value of an option, `otherwise` where it is not there.
  std::string text(const std::string& name, const std::string& otherwise) const;

  // The value of an option that must be there.
  std::string needed(const std::string& name) const;

  // The same as a whole number from 1 on.
  int count(const std::string& name, int otherwise) const;

 private:
  std::map<std::string, std::string> values_;
};

}  // namespace bstkit
