#include "config/nearest_key.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "config/text.h"

namespace mbk::config {
namespace {

constexpr std::size_t kTypoEdits = 2;
constexpr double kEnoughInCommon = 0.5;
constexpr double kSameSection = 0.1;

using Words = std::set<std::string, std::less<>>;

struct Meaning {
  std::string_view word;
  std::vector<std::string_view> words;
};

// What other programs, charts and manuals call the same thing.
const std::vector<Meaning>& Meanings() {
  static const std::vector<Meaning> meanings = {
      {"username", {"user"}},
      {"passwd", {"password"}},
      {"pwd", {"password"}},
      {"host", {"address"}},
      {"hostname", {"address"}},
      {"endpoint", {"address"}},
      {"bucket", {"bucket", "name"}},
      {"provider", {"storage", "type"}},
      {"ssl", {"tls"}},
      {"secure", {"use", "tls"}},
      {"path", {"root", "path"}},
      {"dir", {"root", "path"}},
      {"directory", {"root", "path"}},
      {"prefix", {"root", "path"}},
      {"filename", {"file", "root", "path"}},
      {"s3", {"storage"}},
      {"minio", {"storage"}},
      {"accesskey", {"access", "key", "id"}},
      {"secretkey", {"secret", "access", "key"}},
  };
  return meanings;
}

// Wishes that take two keys, or none that sounds like it.
constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kOfV1 = {{
    {"milvus.authorization", "milvus.user and milvus.password"},
    {"milvus.token", "milvus.user and milvus.password"},
    {"milvus.uri", "milvus.address and milvus.port"},
}};

bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }

void AddWord(std::string word, Words& words) {
  if (word.empty()) return;
  word = Lower(word);
  const auto meaning = std::ranges::find(Meanings(), word, &Meaning::word);
  if (meaning == Meanings().end()) {
    words.insert(std::move(word));
  } else {
    words.insert(meaning->words.begin(), meaning->words.end());
  }
}

// "minio.useSSL" is {storage, use, tls}: parts at dots, dashes, underscores and capitals that follow a small
// letter.
Words WordsOf(std::string_view key) {
  Words words;
  std::string word;
  for (std::size_t i = 0; i < key.size(); ++i) {
    const bool separates = key[i] == '.' || key[i] == '_' || key[i] == '-';
    if (separates || (i > 0 && IsUpper(key[i]) && !IsUpper(key[i - 1])))
      AddWord(std::exchange(word, ""), words);
    if (!separates) word += key[i];
  }
  AddWord(std::move(word), words);
  return words;
}

double InCommon(const Words& a, const Words& b) {
  const auto common = std::ranges::count_if(a, [&](const std::string& word) { return b.contains(word); });
  return 2.0 * static_cast<double>(common) / static_cast<double>(a.size() + b.size());
}

std::string_view SectionOf(std::string_view key) { return key.substr(0, key.find('.')); }

bool Has(const std::vector<Row>& rows, std::string_view key) {
  return std::ranges::any_of(
      rows, [&](const Row& row) { return std::ranges::find(row.keys, key) != row.keys.end(); });
}

std::string MistypedKey(const std::string& lower_key, const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    for (const std::string& key : row.keys) {
      if (WithinEdits(lower_key, Lower(key), kTypoEdits)) return key;
    }
  }
  return "";
}

struct Candidate {
  std::string key;
  double score = 0;

  bool has_the_same_words() const { return score >= 1; }
};

Candidate AlikeKey(std::string_view key, const std::vector<Row>& rows) {
  const Words words = WordsOf(key);
  Candidate best;
  for (const Row& row : rows) {
    for (const std::string& candidate : row.keys) {
      double score = InCommon(words, WordsOf(candidate));
      if (score <= kEnoughInCommon) continue;
      if (EqualIgnoringCase(SectionOf(candidate), SectionOf(key))) score += kSameSection;
      if (score > best.score) best = {candidate, score};
    }
  }
  return best;
}

}  // namespace

std::string NearestKey(std::string_view key, const std::vector<Row>& rows) {
  const std::string lower = Lower(key);
  for (const auto& [unknown, known] : kOfV1) {
    if (lower == unknown && Has(rows, known.substr(0, known.find(' ')))) return std::string(known);
  }
  Candidate alike = AlikeKey(key, rows);
  const bool is_cut_short = Lower(alike.key).starts_with(lower);
  if (alike.has_the_same_words() || is_cut_short) return std::move(alike.key);
  if (std::string mistyped = MistypedKey(lower, rows); !mistyped.empty()) return mistyped;
  return std::move(alike.key);
}

}  // namespace mbk::config
