#include "config/yaml.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/utf8.h"
#include "config/text.h"

namespace mbk::config {
namespace {

// A configuration has about a hundred keys three levels deep. The limits stop aliases that refer to aliases
// ("billion laughs") and to themselves, which yaml-cpp keeps as references until someone walks them.
constexpr int kMaxNodes = 10'000;
constexpr int kMaxDepth = 32;
constexpr std::size_t kMaxKeyBytes = 256;

// yaml-cpp tags a scalar "?" when it stood there without quotes.
bool IsPlain(const YAML::Node& node) { return node.Tag() == "?"; }

// Whether YAML gives an unquoted key another type than string.
bool IsNumberOrFlag(const std::string& text) {
  RawValue raw{.kind = RawValue::Kind::kPlain, .text = text};
  std::int64_t number = 0;
  return Parse(raw, number).ok() ||
         std::ranges::any_of(std::array{"true", "false"}, [&](auto w) { return EqualIgnoringCase(text, w); });
}

int LineOf(const YAML::Node& node) { return node.Mark().line + 1; }

std::string Where(const YAML::Mark& mark) {
  return fmt::format("line {}, column {}", mark.line + 1, mark.column + 1);
}

Status ErrorAt(const YAML::Node& node, std::string_view what) {
  return InvalidArgument(fmt::format("{}: {}", Where(node.Mark()), what));
}

class Flattener {
 public:
  Status FlattenMap(const std::string& prefix, const YAML::Node& map, int depth) {
    if (depth > kMaxDepth) return ErrorAt(map, fmt::format("nested deeper than {} levels", kMaxDepth));
    for (const auto& entry : map) {
      MBK_TRY(CountNode(entry.first));
      MBK_TRY_ASSIGN(const std::string key, KeyText(entry.first));
      const std::string path = prefix.empty() ? key : prefix + "." + key;
      if (path.size() > kMaxKeyBytes) {
        return ErrorAt(entry.first, fmt::format("a key is longer than {} bytes", kMaxKeyBytes));
      }
      MBK_TRY(FlattenValue(path, entry.first, entry.second, depth));
    }
    return {};
  }

  FileValues Take() { return std::move(values_); }

 private:
  Status FlattenValue(const std::string& path, const YAML::Node& key, const YAML::Node& value, int depth) {
    switch (value.Type()) {
      case YAML::NodeType::Map:
        return FlattenMap(path, value, depth + 1);
      case YAML::NodeType::Sequence:
        return AddList(path, key, value);
      case YAML::NodeType::Scalar:
        return Add(path, key, ScalarOf(value));
      case YAML::NodeType::Null:
      case YAML::NodeType::Undefined:
        return {};
    }
    return {};
  }

  Status AddList(const std::string& path, const YAML::Node& key, const YAML::Node& list) {
    RawValue raw{.kind = RawValue::Kind::kList};
    for (const auto& item : list) {
      MBK_TRY(CountNode(item));
      if (item.IsScalar()) {
        raw.items.push_back(item.Scalar());
      } else {
        raw.odd_items = true;
      }
    }
    return Add(path, key, std::move(raw));
  }

  Status Add(const std::string& path, const YAML::Node& key, RawValue raw) {
    FileValue value{.value = std::move(raw), .spelling = path, .line = LineOf(key)};
    const auto [place, is_new] = values_.try_emplace(Lower(path), std::move(value));
    if (is_new) return {};
    return ErrorAt(
        key, fmt::format("{} was already given as {} in line {} (keys are the same in upper and lower case); "
                         "remove one of them",
                         Quoted(path), Quoted(place->second.spelling), place->second.line));
  }

  static RawValue ScalarOf(const YAML::Node& node) {
    return {.kind = IsPlain(node) ? RawValue::Kind::kPlain : RawValue::Kind::kQuoted, .text = node.Scalar()};
  }

  static Result<std::string> KeyText(const YAML::Node& key) {
    if (!key.IsScalar()) return ErrorAt(key, "a key must be a string");
    if (IsPlain(key) && IsNumberOrFlag(key.Scalar())) {
      return ErrorAt(key, fmt::format("the key {} must be a string", Quoted(key.Scalar())));
    }
    if (key.Scalar() == "<<")
      return ErrorAt(key, "merge keys (\"<<\") are not supported; write the keys out");
    return key.Scalar();
  }

  Status CountNode(const YAML::Node& node) {
    if (++nodes_ <= kMaxNodes) return {};
    return ErrorAt(node, fmt::format("more than {} entries; this is not a configuration", kMaxNodes));
  }

  FileValues values_;
  int nodes_ = 0;
};

// yaml-cpp appends the name of an unknown alias, which may be an unquoted password that starts with '*'.
std::string SyntaxError(const YAML::Exception& error) {
  if (error.msg.starts_with(YAML::ErrorMsg::UNKNOWN_ANCHOR)) {
    return fmt::format("{}: a value that starts with '*' must be quoted", Where(error.mark));
  }
  return fmt::format("{}: {}", Where(error.mark), OneLine(error.msg));
}

// A value in quotes that is followed by more on its line, or not closed in it. 0-based; found only to explain
// a text that did not parse: inside of a block of text the same is in order.
struct BrokenQuote {
  YAML::Mark mark;
  bool is_followed = false;
};

// Where the value of "key: value" or "- value" begins; npos when the line has none in quotes.
std::size_t QuotedValueAt(std::string_view line) {
  for (std::size_t i = 0; i + 1 < line.size(); ++i) {
    const bool separates = (line[i] == ':' || line[i] == '-') && line[i + 1] == ' ';
    if (!separates) continue;
    const auto value = line.find_first_not_of(' ', i + 1);
    return value != std::string_view::npos && (line[value] == '"' || line[value] == '\'')
               ? value
               : std::string_view::npos;
  }
  return std::string_view::npos;
}

// Behind the quote that closes the one at `open`; npos when there is none.
std::size_t EndOfQuoted(std::string_view line, std::size_t open) {
  const char quote = line[open];
  for (std::size_t i = open + 1; i < line.size(); ++i) {
    if (quote == '"' && line[i] == '\\') {
      ++i;
    } else if (line[i] == quote) {
      if (quote != '\'' || i + 1 >= line.size() || line[i + 1] != quote) return i + 1;
      ++i;
    }
  }
  return std::string_view::npos;
}

std::optional<BrokenQuote> BrokenQuoteIn(std::string_view line, int number) {
  const std::size_t open = QuotedValueAt(line);
  if (open == std::string_view::npos) return std::nullopt;
  BrokenQuote found;
  found.mark.line = number;
  found.mark.column = static_cast<int>(open);
  const std::size_t end = EndOfQuoted(line, open);
  if (end == std::string_view::npos) return found;
  const std::size_t next = line.find_first_not_of(" \t\r", end);
  // A comment, or what goes on in a list or map on one line.
  if (next == std::string_view::npos || line[next] == '#' || line[next] == ',' || line[next] == '}' ||
      line[next] == ']' || line[next] == ':')
    return std::nullopt;
  found.mark.column = static_cast<int>(next);
  found.is_followed = true;
  return found;
}

// The first quote that is followed by something; where there is none, the first that is not closed.
std::optional<BrokenQuote> FindBrokenQuote(std::string_view text) {
  std::optional<BrokenQuote> open;
  for (int number = 0; !text.empty(); ++number) {
    const auto line_end = std::min(text.find('\n'), text.size());
    const auto found = BrokenQuoteIn(text.substr(0, line_end), number);
    if (found && found->is_followed) return found;
    if (found && !open) open = found;
    text.remove_prefix(std::min(line_end + 1, text.size()));
  }
  return open;
}

// A tab that indents the line in which the parser could go no further, or the one before.
std::optional<YAML::Mark> FindIndentingTab(std::string_view text, int stopped_in) {
  for (int number = 0; !text.empty() && number <= stopped_in; ++number) {
    const std::string_view line = text.substr(0, text.find('\n'));
    const auto tab = line.find_first_not_of(' '), first = line.find_first_not_of(" \t\r");
    if (number + 1 >= stopped_in && first != std::string_view::npos && line[tab] == '\t' &&
        line[first] != '#') {
      YAML::Mark mark;
      mark.line = number;
      mark.column = static_cast<int>(tab);
      return mark;
    }
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
  return std::nullopt;
}

// The parser names the place where it can go no further, often the end of the file.
std::string BrokenSyntax(std::string_view text, const YAML::Exception& error) {
  const auto quote = FindBrokenQuote(text);
  if (!quote || quote->mark.line > error.mark.line) {
    if (const auto tab = FindIndentingTab(text, error.mark.line))
      return fmt::format("{}: a tab indents this line; YAML takes blanks only", Where(*tab));
    return SyntaxError(error);
  }
  return fmt::format("{}: {}", Where(quote->mark),
                     quote->is_followed ? "more follows on the line after the quote that ends the value"
                                        : "the quote that begins here is not closed on its line");
}

// yaml-cpp 0.7 ends an open quote at a last line feed without a word, having taken every key after it into
// the value; without that line feed it reports the open quote.
std::string WithoutTrailingBlanks(std::string_view text) {
  const auto last = text.find_last_not_of(" \t\r\n");
  return std::string(text.substr(0, last == std::string_view::npos ? 0 : last + 1));
}

// Whether the line begins or ends a document: at the beginning of a line both mean nothing else, whatever
// they stand in.
bool IsMarker(std::string_view line, std::string_view marker) {
  return line.starts_with(marker) &&
         (line.size() == marker.size() ||
          std::string_view(" \t\r").find(line[marker.size()]) != std::string_view::npos);
}

bool IsBlankOrComment(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r");
  return first == std::string_view::npos || text[first] == '#';
}

// yaml-cpp reads the first document alone, and where that is empty, as templates leave it at the top of a
// file, nothing. Lines keep their numbers.
std::string WithoutLeadingMarkers(std::string text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = std::string_view(text).substr(at, end - at);
    const bool is_marker = IsMarker(line, "---") && IsBlankOrComment(line.substr(3));
    if (!is_marker && !IsBlankOrComment(line)) break;
    if (is_marker) text.replace(at, 3, 3, ' ');
    at = end + 1;
  }
  return text;
}

// The line, from 1 on, in which a second document has something; nullopt when there is none. (YAML::LoadAll
// does not come to an end for some texts that are no YAML.)
std::optional<int> SecondDocumentIn(std::string_view text) {
  bool began = false, ended = false;
  for (int number = 1; !text.empty(); ++number) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const bool begins = IsMarker(line, "---"), ends = IsMarker(line, "...");
    if (begins || ends) {
      ended |= began;
      line.remove_prefix(3);
    }
    const bool is_directive = line.starts_with('%') && began == ended;
    if (IsBlankOrComment(line) || is_directive) continue;
    if (ended) return number;
    began = true;
  }
  return std::nullopt;
}

// As UTF-8 where its byte order mark says that it is UTF-16; half a character becomes U+FFFD. yaml-cpp reads
// that, too, but what is looked for in the text here is not found in it.
std::string AsUtf8(std::string_view text) {
  const bool is_little = text.starts_with("\xFF\xFE"), is_big = text.starts_with("\xFE\xFF");
  if (!is_little && !is_big) return std::string(text);
  const auto unit = [&](std::size_t i) {
    const auto first = static_cast<unsigned char>(text[i]), second = static_cast<unsigned char>(text[i + 1]);
    return static_cast<char32_t>(is_little ? first | second << 8 : first << 8 | second);
  };
  std::string decoded;
  for (std::size_t i = 2; i + 1 < text.size(); i += 2) {
    char32_t c = unit(i);
    if (c >= 0xD800 && c < 0xDC00 && i + 3 < text.size() && unit(i + 2) >= 0xDC00 && unit(i + 2) < 0xE000) {
      i += 2;
      c = 0x10000 + ((c - 0xD800) << 10) + (unit(i) - 0xDC00);
    }
    utf8::Append(c >= 0xD800 && c < 0xE000 ? 0xFFFD : c, decoded);
  }
  return decoded;
}

Result<FileValues> FlattenDocument(const YAML::Node& root) {
  if (!root.IsDefined() || root.IsNull()) return FileValues{};
  if (!root.IsMap()) return ErrorAt(root, "yaml root must be a map of keys and values");
  Flattener flattener;
  MBK_TRY(flattener.FlattenMap("", root, 1));
  return flattener.Take();
}

}  // namespace

Result<FileValues> FlattenYaml(std::string_view given) {
  const std::string text = AsUtf8(given);
  try {
    const std::string first = WithoutLeadingMarkers(WithoutTrailingBlanks(text));
    Result<FileValues> values = FlattenDocument(YAML::Load(first));
    const std::optional<int> second = SecondDocumentIn(first);
    if (!values.ok() || !second) return values;
    return InvalidArgument(
        fmt::format("line {}: a second YAML document, whose keys would not count; want one", *second));
  } catch (const YAML::Exception& error) {
    return InvalidArgument(BrokenSyntax(text, error));
  } catch (const std::exception& error) {
    return InvalidArgument(fmt::format("not readable as YAML: {}", OneLine(error.what())));
  }
}

}  // namespace mbk::config
