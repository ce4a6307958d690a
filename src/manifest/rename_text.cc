#include "manifest/rename_text.h"

#include <istream>
#include <string>

#include "manifest/json_shapes.h"

namespace mbk::manifest {
namespace {

constexpr std::size_t kPieceBytes = 64 << 10;

// Follows the brackets and strings of a document byte by byte; only at the top level does it look at keys.
class Renaming {
 public:
  Renaming(std::string_view name, const TextSink& sink) : name_(name), sink_(sink) {}

  Status Take(char c) {
    if (in_string_) {
      TakeInString(c);
    } else if (c == '"') {
      BeginString();
    } else {
      TakeStructure(c);
    }
    return out_.size() < kPieceBytes ? Status() : Flush();
  }

  Status Finish() {
    if (depth_ != 0 || in_string_ || !seen_object_) return DataLoss("the text ends before its object does");
    return Flush();
  }

 private:
  bool IsAtTop() const { return depth_ == 1; }

  void BeginString() {
    in_string_ = true;
    dropped_ = IsAtTop() && !at_key_ && is_name_;
    if (IsAtTop() && at_key_) key_.clear();
    if (dropped_) out_ += '"' + std::string(name_) + '"';
    Emit('"');
  }

  void TakeInString(char c) {
    const bool ends = c == '"' && !escaped_;
    if (IsAtTop() && at_key_ && !ends) key_ += c;
    escaped_ = c == '\\' && !escaped_;
    Emit(c);
    if (!ends) return;
    in_string_ = dropped_ = false;
  }

  void TakeStructure(char c) {
    if (c == '{' || c == '[') {
      ++depth_;
      if (IsAtTop()) at_key_ = seen_object_ = c == '{';
    } else if (c == '}' || c == ']') {
      if (IsAtTop() && !renamed_) AddName();
      --depth_;
    } else if (IsAtTop() && c == ':') {
      at_key_ = false;
      has_members_ = true;
      is_name_ = json::SameKey(key_, "name");
      renamed_ |= is_name_;
    } else if (IsAtTop() && c == ',') {
      at_key_ = true;
    }
    out_ += c;
  }

  void AddName() {
    if (has_members_) out_ += ',';
    out_ += "\"name\":\"" + std::string(name_) + '"';
  }

  void Emit(char c) {
    if (!dropped_) out_ += c;
  }

  Status Flush() {
    MBK_TRY(sink_(out_));
    out_.clear();
    return {};
  }

  const std::string_view name_;
  const TextSink& sink_;
  std::string out_;
  std::string key_;  ///< of the top-level member that is being read, without its quotes
  int depth_ = 0;
  bool in_string_ = false, escaped_ = false;
  bool dropped_ = false;  ///< the string being read is the old name
  bool at_key_ = false;   ///< the next string at the top level is a key
  bool is_name_ = false;
  bool renamed_ = false, has_members_ = false, seen_object_ = false;
};

}  // namespace

Status RenameText(std::istream& json, std::string_view name, const TextSink& sink) {
  Renaming renaming(name, sink);
  std::streambuf& bytes = *json.rdbuf();
  for (int c = bytes.sbumpc(); c != std::char_traits<char>::eof(); c = bytes.sbumpc())
    MBK_TRY(renaming.Take(static_cast<char>(c)));
  return renaming.Finish();
}

}  // namespace mbk::manifest
