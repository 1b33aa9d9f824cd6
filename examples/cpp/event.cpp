#include "event.hpp"

#include <nlohmann/json.hpp>

#include "error.hpp"

namespace bstkit {
namespace {

using nlohmann::json;

constexpr const char* kFormat = "write one JSON object a line; README.md says what its keys and values are";

// Hears of every token in turn, so that nothing is built for what is skipped, and integers keep all their digits.
class Listener : public json::json_sax_t {
 public:
  Listener(Event& event, const Contract& contract) : event_(event), contract_(contract) {}

  std::string problem;

  bool null() override {
    if (depth_ == 2 && skipped_ == 0 && in_sessions_) return start_array(0) && end_array();
    return put({Scalar::Kind::null, 0, {}});
  }
  bool boolean(bool) override { return put({Scalar::Kind::other, 0, {}}); }
  bool number_integer(number_integer_t value) override {
    return put({Scalar::Kind::integer, static_cast<double>(value), std::to_string(value)});
  }
  bool number_unsigned(number_unsigned_t value) override {
    return put({Scalar::Kind::integer, static_cast<double>(value), std::to_string(value)});
  }
  bool number_float(number_float_t value, const string_t& token) override {
    const bool whole = token.find_first_not_of("-0123456789") == string_t::npos;  // past 64 bits
    return put({whole ? Scalar::Kind::integer : Scalar::Kind::real, value, whole ? token : string_t()});
  }
  bool string(string_t& value) override { return put({Scalar::Kind::text, 0, std::move(value)}); }
  bool binary(binary_t&) override { return fail("holds binary data"); }

  bool start_object(std::size_t) override {
    if (depth_ == 0) return ++depth_, true;
    return put({Scalar::Kind::other, 0, {}}) && (++skipped_, true);
  }
  bool end_object() override { return skipped_ > 0 ? (--skipped_, true) : (--depth_, true); }
  bool key(string_t& name) override {
    if (skipped_ > 0) return true;
    field_ = nullptr;
    for (std::size_t i = 0; i < contract_.inputs.size(); ++i) {
      if (contract_.inputs[i].name != name) continue;
      field_ = &event_.fields[i];
      *field_ = {};  // of a key that stands there twice the last one counts
      in_sessions_ = contract_.inputs[i].rank == 3;
    }
    return true;
  }

  bool start_array(std::size_t) override {
    if (depth_ == 0) return fail("is no JSON object");
    if (skipped_ > 0 || field_ == nullptr) return ++skipped_, true;
    if (depth_ > 2 || (depth_ == 2 && field_->rank == 1 && !field_->cells.empty())) return mixed();
    field_->rank = depth_++;
    if (field_->rank == 2) field_->sessions.push_back(0);
    return true;
  }
  bool end_array() override { return skipped_ > 0 ? (--skipped_, true) : (--depth_, true); }

  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception& error) override {
    return fail(std::string("is no JSON: ") + error.what());
  }

 private:
  bool put(Scalar scalar) {
    if (depth_ == 0) return fail("is no JSON object");
    if (skipped_ > 0 || field_ == nullptr) return true;
    if (field_->rank == 2 && depth_ == 2) return mixed();
    if (field_->rank == 2) ++field_->sessions.back();
    field_->cells.push_back(std::move(scalar));
    return true;
  }
  bool mixed() { return fail("has a key whose arrays are nested unevenly"); }
  bool fail(const std::string& what) {
    if (problem.empty()) problem = what;
    return false;
  }

  Event& event_;
  const Contract& contract_;
  Field* field_ = nullptr;    // where the values go; none while a key is skipped
  bool in_sessions_ = false;  // null among the arrays of that field is an empty one
  std::size_t depth_ = 0;     // 1 inside the event, 2 and 3 inside the arrays of a field
  std::size_t skipped_ = 0;   // how deep it is in what is skipped
};

}  // namespace

Event parse_event(std::string_view text, std::size_t line, const Contract& contract) {
  Event event{line, std::vector<Field>(contract.inputs.size())};
  Listener listener(event, contract);
  if (!json::sax_parse(text.begin(), text.end(), &listener)) {
    throw unusable("line " + std::to_string(line) + " " + listener.problem, kFormat);
  }
  return event;
}

}  // namespace bstkit
