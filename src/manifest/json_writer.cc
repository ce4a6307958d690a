#include "manifest/json_writer.h"

#include <fmt/format.h>

#include "base/utf8.h"

namespace mbk::manifest {
namespace {

constexpr std::size_t kPieceBytes = 64 * 1024;
constexpr std::string_view kReplacement = "\\ufffd";  // as Go writes it: escaped
constexpr std::size_t kIndent = 4;

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

    const auto [length, whole] = utf8::FirstCharacter(text);
    if (!whole) {
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
