#include "config/yaml.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <utility>

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

// yaml-cpp 0.7 ends an open quote at a last line feed without a word, having taken every key after it into
// the value; without that line feed it reports the open quote.
std::string WithoutTrailingBlanks(std::string_view text) {
  const auto last = text.find_last_not_of(" \t\r\n");
  return std::string(text.substr(0, last == std::string_view::npos ? 0 : last + 1));
}

Result<FileValues> FlattenDocument(const YAML::Node& root) {
  if (!root.IsDefined() || root.IsNull()) return FileValues{};
  if (!root.IsMap()) return ErrorAt(root, "yaml root must be a map of keys and values");
  Flattener flattener;
  MBK_TRY(flattener.FlattenMap("", root, 1));
  return flattener.Take();
}

}  // namespace

Result<FileValues> FlattenYaml(std::string_view text) {
  try {
    return FlattenDocument(YAML::Load(WithoutTrailingBlanks(text)));
  } catch (const YAML::Exception& error) {
    return InvalidArgument(SyntaxError(error));
  } catch (const std::exception& error) {
    return InvalidArgument(fmt::format("not readable as YAML: {}", OneLine(error.what())));
  }
}

}  // namespace mbk::config
