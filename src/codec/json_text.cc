#include "codec/json_text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

namespace mbk::codec {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMostNesting = 64;  // as the reader of manifests has it

std::string QuotedText(const std::string& text) {
  return Json(text).dump(-1, ' ', false, Json::error_handler_t::strict);
}

std::string ShortestText(double value) {
  char text[32];  // sign, 17 digits, point, exponent of at most 5: 24
  const auto [end, unused] = std::to_chars(text, text + sizeof(text), value, std::chars_format::scientific);
  return {text, end};
}

// Puts each value together when it ends, and hands it to the one around it.
class Canonicalizer : public nlohmann::json_sax<Json> {
 public:
  bool null() override { return Take("null"); }
  bool boolean(bool value) override { return Take(value ? "true" : "false"); }
  bool number_integer(number_integer_t value) override { return Take(std::to_string(value)); }
  bool number_unsigned(number_unsigned_t value) override { return Take(std::to_string(value)); }
  bool number_float(number_float_t value, const string_t& text) override {
    // An integer beyond 64 bits comes here too; as a double it would lose digits.
    const bool is_integer = text.find_first_of(".eE") == text.npos;
    return std::isfinite(value) && Take(is_integer ? text : ShortestText(value));
  }
  bool string(string_t& text) override { return Take(QuotedText(text)); }
  bool binary(binary_t&) override { return false; }

  bool start_object(std::size_t) override { return Open(true); }
  bool start_array(std::size_t) override { return Open(false); }
  bool key(string_t& text) override {
    open_.back().members.emplace_back(QuotedText(text), "");
    return true;
  }
  bool end_object() override {
    auto& members = open_.back().members;
    std::sort(members.begin(), members.end());
    std::string text = "{";
    for (std::size_t i = 0; i < members.size(); ++i) {
      if (i > 0 && members[i].first == members[i - 1].first) return false;
      if (i > 0) text += ',';
      text += members[i].first + ':' + members[i].second;
    }
    return Close(std::move(text) + '}');
  }
  bool end_array() override {
    std::string text = "[";
    for (const auto& [unused, value] : open_.back().members) text += (text.size() == 1 ? "" : ",") + value;
    return Close(std::move(text) + ']');
  }
  bool parse_error(std::size_t, const std::string&, const Json::exception&) override { return false; }

  std::string& text() { return text_; }

 private:
  // An array has values without keys.
  struct Container {
    bool is_object = false;
    std::vector<std::pair<std::string, std::string>> members;
  };

  bool Open(bool is_object) {
    open_.push_back({.is_object = is_object});
    return open_.size() <= kMostNesting;
  }
  bool Close(std::string text) {
    open_.pop_back();
    return Take(std::move(text));
  }
  bool Take(std::string text) {
    if (open_.empty())
      text_ = std::move(text);
    else if (open_.back().is_object)
      open_.back().members.back().second = std::move(text);
    else
      open_.back().members.emplace_back("", std::move(text));
    return true;
  }

  std::vector<Container> open_;
  std::string text_;
};

}  // namespace

std::string CanonicalJson(std::string_view text) {
  Canonicalizer canonical;
  try {
    if (Json::sax_parse(text, &canonical)) return std::move(canonical.text());
  } catch (const Json::exception&) {  // a string that is no UTF-8
  }
  return std::string(text);
}

}  // namespace mbk::codec
