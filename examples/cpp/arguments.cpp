#include "arguments.hpp"

#include <charconv>

#include "error.hpp"

namespace bstkit {

Arguments::Arguments(int count, char** values, const std::set<std::string>& valued,
                     const std::set<std::string>& plain) {
  std::string all;
  for (const auto* names : {&valued, &plain}) {
    for (const std::string& name : *names) all += " " + name;
  }
  for (int i = 1; i < count; ++i) {
    const std::string name = values[i];
    if (plain.count(name) != 0) {
      values_[name] = "";
    } else if (valued.count(name) == 0) {
      throw unusable("no option '" + name + "'", "the options are" + all);
    } else if (++i == count) {
      throw unusable(name + " needs a value", "give one behind it");
    } else {
      values_[name] = values[i];
    }
  }
}

std::string Arguments::text(const std::string& name, const std::string& otherwise) const {
  const auto found = values_.find(name);
  return found == values_.end() ? otherwise : found->second;
}

std::string Arguments::needed(const std::string& name) const {
  if (!has(name)) throw unusable(name + " is missing", "--help shows how the program is called");
  return values_.at(name);
}

int Arguments::count(const std::string& name, int otherwise) const {
  if (!has(name)) return otherwise;
  const std::string& text = values_.at(name);
  int number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc() || end != text.data() + text.size() || number < 1) {
    throw unusable(name + " takes a whole number from 1 on, not '" + text + "'",
                   "leave it out for " + std::to_string(otherwise));
  }
  return number;
}

}  // namespace bstkit
