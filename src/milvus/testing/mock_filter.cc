#include "milvus/testing/mock_filter.h"

#include <fmt/core.h>

#include <charconv>
#include <optional>
#include <string_view>
#include <vector>

namespace mbk::milvustest {
namespace {

struct Term {
  std::string op;
  RowKey bound;

  bool Holds(const RowKey& key) const {
    if (op == ">") return key > bound;
    if (op == ">=") return key >= bound;
    if (op == "<") return key < bound;
    if (op == "<=") return key <= bound;
    return op == "==" ? key == bound : key != bound;
  }
};

class Parser {
 public:
  Parser(std::string_view text, const KeyField& key) : text_(text), key_(key) {}

  std::optional<std::vector<Term>> Parse() {
    std::vector<Term> terms;
    do {
      std::optional<Term> term = TakeTerm();
      if (!term) return std::nullopt;
      terms.push_back(std::move(*term));
    } while (Take("&&"));
    SkipSpace();
    if (!text_.empty()) return std::nullopt;
    return terms;
  }

 private:
  void SkipSpace() {
    while (!text_.empty() && text_.front() == ' ') text_.remove_prefix(1);
  }

  bool Take(std::string_view wanted) {
    SkipSpace();
    if (!text_.starts_with(wanted)) return false;
    text_.remove_prefix(wanted.size());
    return true;
  }

  std::optional<Term> TakeTerm() {
    if (!Take(key_.name)) return std::nullopt;
    for (std::string_view op : {">=", "<=", "==", "!=", ">", "<"}) {
      if (!Take(op)) continue;
      std::optional<RowKey> bound = key_.is_text ? TakeText() : TakeNumber();
      if (!bound) return std::nullopt;
      return Term{.op = std::string(op), .bound = std::move(*bound)};
    }
    return std::nullopt;
  }

  std::optional<RowKey> TakeNumber() {
    const bool negative = Take("-");
    std::int64_t value = 0;
    auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), value);
    // As 2.3.5 does: the sign is an operator, so what stands behind it must fit by itself.
    if (error != std::errc() || value < 0) return std::nullopt;
    text_.remove_prefix(static_cast<std::size_t>(end - text_.data()));
    return RowKey{.number = negative ? -value : value};
  }

  std::optional<RowKey> TakeText() {
    if (!Take("\"")) return std::nullopt;
    RowKey key;
    while (!text_.empty()) {
      char c = text_.front();
      text_.remove_prefix(1);
      if (c == '"') return key;
      if (c == '\n' || c == '\r') return std::nullopt;
      if (c == '\\') {
        if (text_.empty()) return std::nullopt;
        c = text_.front();
        text_.remove_prefix(1);
        if (c == 'n') c = '\n';
        if (c == 'r') c = '\r';
      }
      key.text += c;
    }
    return std::nullopt;
  }

  std::string_view text_;
  const KeyField& key_;
};

}  // namespace

Result<std::function<bool(const RowKey&)>> ParseKeyFilter(const std::string& expression,
                                                          const KeyField& key) {
  using Filter = std::function<bool(const RowKey&)>;
  if (expression.empty()) return Filter([](const RowKey&) { return true; });
  std::optional<std::vector<Term>> terms = Parser(expression, key).Parse();
  if (!terms) return InvalidArgument(fmt::format("cannot parse expression: {}, error: invalid", expression));
  return Filter([terms = *std::move(terms)](const RowKey& key_of_row) {
    for (const Term& term : terms) {
      if (!term.Holds(key_of_row)) return false;
    }
    return true;
  });
}

}  // namespace mbk::milvustest
