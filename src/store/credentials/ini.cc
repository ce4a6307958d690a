#include "store/credentials/ini.h"

#include <fmt/core.h>

#include "net/http_headers.h"

namespace mbk::credentials {
namespace {

// Far beyond what anybody writes; the text itself is bounded by whoever read it.
constexpr std::size_t kMaxSections = 10'000;
constexpr std::size_t kMaxPropertiesASection = 1'000;

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && IsBlank(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsBlank(text.back())) text.remove_suffix(1);
  return text;
}

std::string_view WithoutComment(std::string_view line) {
  for (std::size_t i = 0; i < line.size(); ++i) {
    const bool starts_comment = line[i] == '#' || line[i] == ';';
    if (starts_comment && (i == 0 || IsBlank(line[i - 1]))) return line.substr(0, i);
  }
  return line;
}

std::string_view TakeLine(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

class Parser {
 public:
  Status Line(std::string_view line) {
    const bool continues = !line.empty() && IsBlank(line.front());
    line = Trimmed(WithoutComment(line));
    if (line.empty() || continues) return {};
    return line.front() == '[' ? Section(line) : Property(line);
  }
  IniFile Take() { return std::move(file_); }

 private:
  Status Section(std::string_view line) {
    if (line.back() != ']') return InvalidArgument("'[' without ']'");
    section_ = &file_[std::string(Trimmed(line.substr(1, line.size() - 2)))];
    return file_.size() > kMaxSections ? InvalidArgument("too many sections") : Status();
  }

  Status Property(std::string_view line) {
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos) return InvalidArgument("neither a [section] nor name = value");
    if (section_ == nullptr) return InvalidArgument("a property before the first [section]");
    (*section_)[AsciiLower(Trimmed(line.substr(0, equals)))] = Trimmed(line.substr(equals + 1));
    return section_->size() > kMaxPropertiesASection ? InvalidArgument("too many properties") : Status();
  }

  IniFile file_;
  IniSection* section_ = nullptr;
};

}  // namespace

Result<IniFile> ParseIni(std::string_view text) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  Parser parser;
  for (int number = 1; !text.empty(); ++number) {
    Status parsed = parser.Line(TakeLine(text));
    if (!parsed.ok()) return std::move(parsed).WithContext(fmt::format("line {}", number));
  }
  return parser.Take();
}

}  // namespace mbk::credentials
