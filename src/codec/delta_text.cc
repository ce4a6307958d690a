#include "codec/delta_text.h"

#include <fmt/format.h>

#include <charconv>
#include <limits>
#include <nlohmann/json.hpp>

namespace mbk::codec {
namespace {

using Json = nlohmann::json;

/// Takes the events of nlohmann's parser: one flat object. Returning false ends the parse.
class DeltaHandler {
 public:
  DeltaHandler(DataType key_type, DeltaText& out) : key_type_(key_type), out_(out) {}

  Status Finish(bool parsed) const {
    if (!problem_.empty()) return DataLoss(problem_);
    if (!parsed) return DataLoss("not JSON");
    if (!has_key_ || !has_timestamp_) return DataLoss("a delete without pk or ts");
    return {};
  }

  bool start_object(std::size_t) { return depth_++ == 0 || Problem("brackets within"); }
  bool end_object() { return true; }
  bool start_array(std::size_t) { return Problem("brackets"); }
  bool end_array() { return true; }
  bool key(std::string& name) {
    key_ = std::move(name);
    return true;
  }
  bool null() { return !IsKnown() || Problem("null"); }
  bool boolean(bool) { return !IsKnown() || Problem("a truth value"); }
  bool number_float(double, const std::string&) { return !IsKnown() || Problem("a number out of range"); }
  bool binary(Json::binary_t&) { return Problem("binary"); }
  bool number_integer(std::int64_t value) {
    if (key_ == "ts") return Problem("a negative timestamp");
    return key_ != "pk" || Number(value);
  }
  bool number_unsigned(std::uint64_t value) {
    if (key_ == "ts") {
      out_.timestamp = value;
      return has_timestamp_ = true;
    }
    if (key_ != "pk") return key_ != "pkType" || Kind(value);
    if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
      return Problem("a key out of range");
    return Number(static_cast<std::int64_t>(value));
  }
  bool string(std::string& value) {
    if (!IsKnown()) return true;
    if (key_ != "pk") return Problem("a string for a number");
    if (key_type_ != DataType::kVarChar) return Problem("a string for an Int64 key");
    out_.text = std::move(value);
    return has_key_ = true;
  }
  bool parse_error(std::size_t, const std::string&, const Json::exception&) { return false; }

 private:
  bool IsKnown() const { return depth_ == 0 || key_ == "pk" || key_ == "ts" || key_ == "pkType"; }
  bool Number(std::int64_t value) {
    if (key_type_ != DataType::kInt64) return Problem("a number for a VarChar key");
    out_.number = value;
    return has_key_ = true;
  }
  bool Kind(std::uint64_t type) {
    return type == static_cast<std::uint64_t>(key_type_) || Problem("a pkType that the schema contradicts");
  }
  bool Problem(const char* what) {
    problem_ = fmt::format("{} in a delete", what);
    return false;
  }

  DataType key_type_;
  DeltaText& out_;
  std::string key_;
  int depth_ = 0;
  bool has_key_ = false;
  bool has_timestamp_ = false;
  std::string problem_;
};

template <class T>
bool ParseWhole(std::string_view text, T& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

Status ParseOldText(std::string_view line, DataType key_type, DeltaText& out) {
  const std::size_t comma = line.find(',');
  if (comma == std::string_view::npos || !ParseWhole(line.substr(0, comma), out.number) ||
      !ParseWhole(line.substr(comma + 1), out.timestamp))
    return DataLoss("neither JSON nor \"key,timestamp\"");
  if (key_type != DataType::kInt64) return DataLoss("a number for a VarChar key in a delete");
  return {};
}

void AppendEscaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || c == '<' || c == '>' || c == '&') {
      out += fmt::format("\\u{:04x}", byte);  // as Go's encoder has it
    } else {
      out += c;
    }
  }
}

}  // namespace

Status ParseDeltaText(std::string_view line, DataType key_type, DeltaText& out) {
  if (line.empty() || line.front() != '{') return ParseOldText(line, key_type, out);
  DeltaHandler handler(key_type, out);
  const bool parsed = Json::sax_parse(line.begin(), line.end(), &handler);
  return handler.Finish(parsed);
}

std::string FormatDeltaText(const DeltaText& value, DataType key_type) {
  std::string key;
  if (key_type == DataType::kVarChar) {
    key = '"';
    AppendEscaped(key, value.text);
    key += '"';
  } else {
    key = fmt::format("{}", value.number);
  }
  return fmt::format("{{\"pk\":{},\"ts\":{},\"pkType\":{}}}", key, value.timestamp,
                     static_cast<int>(key_type));
}

}  // namespace mbk::codec
