// bstkit_score: scores a file of raw events, one JSON object a line.

#include <cinttypes>
#include <cmath>
#include <fstream>
#include <iostream>

#include "arguments.hpp"
#include "batch.hpp"
#include "contract.hpp"
#include "describe.hpp"
#include "error.hpp"
#include "scorer.hpp"

namespace bstkit {
namespace {

constexpr const char* kUsage =
    "bstkit_score --bundle FOLDER --events FILE [--batch 256] [--threads 1] [--ort-library FILE]\n"
    "    prints the scores of each raw event, one JSON object a line; FILE '-' is standard input\n"
    "bstkit_score --info\n"
    "    prints the contract that the program was compiled for\n"
    "Exit code 0: done; 1: refused, the bundle has another contract or was changed; 2: it could not run.\n";

// The next batch of a file; empty at its end.
std::vector<Event> next_events(std::istream& file, std::size_t& line, std::size_t most, const Contract& contract) {
  std::vector<Event> events;
  std::string text;
  while (events.size() < most && std::getline(file, text)) {
    events.push_back(parse_event(text, ++line, contract));
  }
  return events;
}

// Nine digits tell every float32 from all others. A score that is no number is null, as JSON has no other word for it.
void print(const std::vector<std::vector<float>>& scores, std::size_t rows, const Contract& contract) {
  for (std::size_t row = 0; row < rows; ++row) {
    std::string text;
    for (std::size_t i = 0; i < scores.size(); ++i) {
      char number[32] = "null";
      if (std::isfinite(scores[i][row]))
        std::snprintf(number, sizeof number, "%.9g", static_cast<double>(scores[i][row]));
      text += (i == 0 ? "{" : ", ") + quoted(contract.outputs[i].name) + ": " + number;
    }
    std::cout << text << "}\n";
  }
}

int score(const Arguments& arguments) {
  const Bundle bundle(arguments.needed("--bundle"), compiled::contract);
  const std::string path = arguments.needed("--events");
  std::ifstream opened;
  if (path != "-") opened.open(path);
  std::istream& events = path == "-" ? std::cin : opened;
  if (!events) throw unusable(path + " cannot be read", "give a file with one JSON object a line, or '-'");
  check_version(load_runtime(arguments.text("--ort-library", "")), bundle.lowest_onnxruntime);
  const BatchBuilder builder(bundle);
  const Scorer scorer(bundle, arguments.count("--threads", 1));
  const int asked = arguments.count("--batch", builder.fixed_rows() > 0 ? static_cast<int>(builder.fixed_rows()) : 256);
  std::size_t line = 0;
  while (true) {
    std::vector<Event> batch = next_events(events, line, static_cast<std::size_t>(asked), bundle.contract);
    if (batch.empty()) break;
    const std::size_t rows = batch.size();
    print(scorer.scores(builder.build(std::move(batch))), rows, bundle.contract);
  }
  if (line == 0) throw unusable(path + " is empty: it has no events", "write one JSON object a line");
  if (events.bad()) throw unusable(path + " cannot be read to its end", "look at the disk it lies on");
  if (!std::cout.flush()) throw unusable("the scores cannot be written", "look at where standard output goes");
  return 0;
}

int run(int count, char** values) {
  const Arguments arguments(count, values, {"--bundle", "--events", "--batch", "--threads", "--ort-library"},
                            {"--info", "--help"});
  if (arguments.has("--help")) return std::cout << kUsage, 0;
  if (arguments.has("--info")) return std::cout << describe(compiled::contract), 0;
  return score(arguments);
}

}  // namespace
}  // namespace bstkit

int main(int count, char** values) {
  return bstkit::guarded([&] { return bstkit::run(count, values); });
}
