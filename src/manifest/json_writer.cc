#include "manifest/json_writer.h"

#include <fmt/format.h>

namespace mbk::manifest {
namespace {

constexpr std::size_t kPieceBytes = 64 * 1024;
constexpr std::string_view kReplacement = "\\ufffd";  // as Go writes it: escaped
constexpr std::size_t kIndent = 4;

bool IsContinuation(unsigned char byte) { return (byte & 0xC0) == 0x80; }

/// What one UTF-8 sequence may look like (RFC 3629, table 3-7 of the Unicode standard).
struct Utf8Shape {
  std::size_t length = 0;  ///< 0: no sequence starts with this byte
  unsigned char second_min = 0x80;
  unsigned char second_max = 0xBF;
};

Utf8Shape ShapeOf(unsigned char lead) {
  if (lead < 0x80) return {.length = 1};
  if (lead >= 0xC2 && lead <= 0xDF) return {.length = 2};
  if (lead == 0xE0) return {.length = 3, .second_min = 0xA0};
  if (lead == 0xED) return {.length = 3, .second_max = 0x9F};
  if (lead >= 0xE1 && lead <= 0xEF) return {.length = 3};
  if (lead == 0xF0) return {.length = 4, .second_min = 0x90};
  if (lead >= 0xF1 && lead <= 0xF3) return {.length = 4};
  if (lead == 0xF4) return {.length = 4, .second_max = 0x8F};
  return {};
}

/// Bytes of the valid sequence `text` begins with; 0 when it begins with none.
std::size_t Utf8Length(std::string_view text) {
  const Utf8Shape shape = ShapeOf(static_cast<unsigned char>(text[0]));
  if (shape.length <= 1) return shape.length;
  if (text.size() < shape.length) return 0;
  const auto second = static_cast<unsigned char>(text[1]);
  if (second < shape.second_min || second > shape.second_max) return 0;
  for (std::size_t i = 2; i < shape.length; ++i) {
    if (!IsContinuation(static_cast<unsigned char>(text[i]))) return 0;
  }
  return shape.length;
}

/// The escape Go uses for a character, empty when it is written as it is.
std::string EscapeOf(std::string_view character) {
  if (character == "\xE2\x80\xA8") return "\\u2028";
  if (character == "\xE2\x80\xA9") return "\\u2029";
  if (character.size() > 1) return {};
  const char c = character[0];
  switch (c) {
    case '"':
      return "\\\"";
    case '\\':
      return "\\\\";
    case '\b':
      return "\\b";
    case '\f':
      return "\\f";
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\t':
      return "\\t";
    default:
      break;
  }
  if (static_cast<unsigned char>(c) < 0x20 || c == '<' || c == '>' || c == '&')
    return fmt::format("\\u{:04x}", static_cast<unsigned>(c));
  return {};
}

/// Most text: nothing to escape, nothing to check.
bool IsPlain(char c) {
  return c >= 0x20 && c < 0x7F && c != '"' && c != '\\' && c != '<' && c != '>' && c != '&';
}

}  // namespace

void JsonWriter::Key(std::string_view key) {
  BeforeItem();
  Quoted(key);
  buffer_ += style_ == JsonStyle::kIndented ? ": " : ":";
  after_key_ = true;
}

void JsonWriter::Value(std::string_view text) {
  BeforeItem();
  Quoted(text);
  FlushIfFull();
}

Status JsonWriter::Finish() {
  if (status_.ok() && !buffer_.empty()) status_ = sink_(buffer_);
  buffer_.clear();
  return status_;
}

void JsonWriter::Begin(char bracket) {
  BeforeItem();
  buffer_ += bracket;
  has_items_.push_back(false);
}

void JsonWriter::End(char bracket) {
  const bool had_items = has_items_.back();
  has_items_.pop_back();
  if (had_items) BreakLine();
  buffer_ += bracket;
  FlushIfFull();
}

void JsonWriter::Raw(std::string_view token) {
  BeforeItem();
  buffer_ += token;
  FlushIfFull();
}

/// The comma and the line break before a key or an element; nothing between a key and its value.
void JsonWriter::BeforeItem() {
  if (after_key_) {
    after_key_ = false;
    return;
  }
  if (has_items_.empty()) return;
  if (has_items_.back()) buffer_ += ',';
  has_items_.back() = true;
  BreakLine();
}

void JsonWriter::BreakLine() {
  if (style_ == JsonStyle::kCompact) return;
  buffer_ += '\n';
  buffer_.append(has_items_.size() * kIndent, ' ');
}

void JsonWriter::Quoted(std::string_view text) {
  buffer_ += '"';
  while (!text.empty()) {
    std::size_t plain = 0;
    while (plain < text.size() && IsPlain(text[plain])) ++plain;
    buffer_ += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty()) break;

    const std::size_t length = Utf8Length(text);
    if (length == 0) {
      buffer_ += kReplacement;
      text.remove_prefix(1);
      continue;
    }
    const std::string_view character = text.substr(0, length);
    const std::string escape = EscapeOf(character);
    buffer_ += escape.empty() ? character : std::string_view(escape);
    text.remove_prefix(length);
  }
  buffer_ += '"';
}

void JsonWriter::FlushIfFull() {
  if (buffer_.size() < kPieceBytes) return;
  if (status_.ok()) status_ = sink_(buffer_);
  buffer_.clear();
}

}  // namespace mbk::manifest
