#include "milvus/capability.h"

#include <cctype>
#include <charconv>
#include <optional>

namespace mbk {
namespace {

constexpr int kHeadOfLine = 9999;
constexpr MilvusVersion kNewest{.major = 99, .minor = 0, .patch = 0};

struct CapabilityRow {
  Capability capability;
  MilvusVersion since;
  MilvusVersion before = {.major = 1'000'000};  ///< first version without it again
  bool in_lite = false;
};

constexpr CapabilityRow kCapabilities[] = {
    {Capability::kImport, {}},
    {Capability::kSegments, {}},
    {Capability::kCollectionDetails, {}},
    {Capability::kLoadStates, {}},
    {.capability = Capability::kRenameCollection, .since = {2, 2, 9}, .in_lite = true},
    {.capability = Capability::kCountByQuery, .since = {2, 3, 0}, .in_lite = true},
    {Capability::kShowsOnlyGranted, {2, 4, 0}},
    {.capability = Capability::kDescribeDatabase, .since = {2, 4, 3}, .in_lite = true},
    {Capability::kDescribeSegments, {2, 5, 8}},
    {Capability::kMultiL0InOneJob, {2, 6, 5}},
    {Capability::kCollectionLevelGcControl, {2, 6, 8}},
    {Capability::kFunctionRuntimeCheck, {2, 6, 8}},
    {Capability::kFlushAll, {2, 6, 11}},
    {Capability::kInsertAutoIds, {2, 6, 3}},
    {Capability::kReplicateMessage, {2, 5, 0}, {2, 6, 0}},
    {Capability::kSnapshot, {3, 0, 0}},
};

/// What Milvus Lite calls itself, in its build tag alone, in GetVersion with its version behind.
constexpr std::string_view kLite = "milvus_lite";

bool Take(std::string_view& text, char wanted) {
  if (text.empty() || text.front() != wanted) return false;
  text.remove_prefix(1);
  return true;
}

/// A decimal number of at most six digits, which no version exceeds and no int overflows.
std::optional<int> TakeNumber(std::string_view& text) {
  constexpr std::size_t kMostDigits = 6;
  int value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  std::size_t digits = static_cast<std::size_t>(end - text.data());
  if (error != std::errc() || digits == 0 || digits > kMostDigits || text.front() == '-') return std::nullopt;
  text.remove_prefix(digits);
  return value;
}

/// ".N" at the front of `text`, which is left alone when it is not there.
std::optional<int> TakeDottedNumber(std::string_view& text) {
  std::string_view rest = text;
  if (!Take(rest, '.')) return std::nullopt;
  std::optional<int> number = TakeNumber(rest);
  if (number) text = rest;
  return number;
}

/// What may follow the numbers of a semantic version.
bool IsSuffix(std::string_view text) { return text.empty() || text.front() == '-' || text.front() == '+'; }

/// MAJOR.MINOR.PATCH, a hotfix number or a suffix behind it, and nothing else.
std::optional<MilvusVersion> ParseExact(std::string_view text) {
  Take(text, 'v');
  std::optional<int> major = TakeNumber(text);
  if (!major) return std::nullopt;
  std::optional<int> minor = TakeDottedNumber(text);
  std::optional<int> patch = TakeDottedNumber(text);
  if (!minor || !patch) return std::nullopt;
  TakeDottedNumber(text);
  if (!IsSuffix(text)) return std::nullopt;
  return MilvusVersion{*major, *minor, *patch};
}

/// MAJOR.MINOR[.PATCH] at the front, whatever follows.
std::optional<MilvusVersion> ParseFront(std::string_view text) {
  Take(text, 'v');
  std::optional<int> major = TakeNumber(text);
  if (!major) return std::nullopt;
  std::optional<int> minor = TakeDottedNumber(text);
  if (!minor) return std::nullopt;
  return MilvusVersion{*major, *minor, TakeDottedNumber(text).value_or(kHeadOfLine)};
}

/// The version in a description, e.g. "Zilliz Cloud (compatible with Milvus 2.6)".
std::optional<MilvusVersion> ParseAfterName(std::string_view text) {
  constexpr std::string_view kName = "Milvus";
  for (std::size_t at = text.find(kName); at != text.npos; at = text.find(kName, at + 1)) {
    std::string_view rest = text.substr(at + kName.size());
    while (Take(rest, ' ')) {
    }
    if (std::optional<MilvusVersion> version = ParseFront(rest)) return version;
  }
  return std::nullopt;
}

/// The version of a Milvus Lite, 0.0.0 when it does not say; nullopt for a server.
std::optional<MilvusVersion> ParseLite(std::span<const std::string_view> reported) {
  std::optional<MilvusVersion> version;
  for (std::string_view text : reported) {
    if (!text.starts_with(kLite)) continue;
    text.remove_prefix(kLite.size());
    Take(text, '-');
    if (!version) version = MilvusVersion{.is_lite = true};
    if (std::optional<MilvusVersion> exact = ParseFront(text)) {
      version = exact;
      version->is_lite = true;
    }
  }
  return version;
}

}  // namespace

bool LooksLikeVersion(std::string_view text) {
  Take(text, 'v');
  if (!TakeNumber(text)) return false;
  if (TakeDottedNumber(text)) TakeDottedNumber(text);
  return IsSuffix(text);
}

MilvusVersion ParseMilvusVersion(std::span<const std::string_view> reported) {
  if (std::optional<MilvusVersion> lite = ParseLite(reported)) return *lite;
  for (std::string_view text : reported) {
    if (std::optional<MilvusVersion> version = ParseExact(text)) return *version;
  }
  for (std::string_view text : reported) {
    if (std::optional<MilvusVersion> version = ParseFront(text)) return *version;
    if (std::optional<MilvusVersion> version = ParseAfterName(text)) return *version;
  }
  return kNewest;
}

bool VersionHas(const MilvusVersion& version, Capability capability) {
  for (const CapabilityRow& row : kCapabilities) {
    if (row.capability != capability) continue;
    if (version.is_lite) return row.in_lite;
    return version >= row.since && version < row.before;
  }
  return false;
}

}  // namespace mbk
