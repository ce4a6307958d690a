#include "manifest/json_reader.h"

#include <fmt/format.h>

#include <array>
#include <istream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "base/log.h"
#include "manifest/utf8_repair.h"

namespace mbk::manifest::json {
namespace {

constexpr std::size_t kPieceBytes = 64 * 1024;

/// The bytes of a document, counted, and cut off where a single token grows beyond its limit: the
/// tokenizer below has no limit of its own.
class ByteSource {
 public:
  ByteSource(std::istream* stream, std::string_view text, std::size_t max_token)
      : stream_(stream), max_token_(max_token) {
    if (stream_ != nullptr)
      Refill();
    else
      Show(utf8_.Take(text, /*is_last=*/true));
  }
  ByteSource(const ByteSource&) = delete;
  ByteSource& operator=(const ByteSource&) = delete;

  bool AtEnd() const { return next_ == end_ || token_too_long_; }
  char Peek() const { return *next_; }
  void Advance() {
    ++next_;
    ++offset_;
    if (offset_ - token_begin_ > max_token_) token_too_long_ = true;
    if (next_ == end_) Refill();
  }
  void TokenDone() { token_begin_ = offset_; }

  std::size_t offset() const { return offset_; }
  bool token_too_long() const { return token_too_long_; }
  bool stream_failed() const { return stream_ != nullptr && stream_->bad(); }
  std::int64_t bytes_replaced() const { return utf8_.replaced(); }

 private:
  void Refill() {
    // A piece may hold no more than the beginning of a character.
    for (bool is_last = stream_ == nullptr; next_ == end_ && !is_last;) {
      stream_->read(piece_.data(), static_cast<std::streamsize>(piece_.size()));
      is_last = stream_->gcount() == 0;
      Show(utf8_.Take({piece_.data(), static_cast<std::size_t>(stream_->gcount())}, is_last));
    }
  }
  void Show(std::string_view text) {
    next_ = text.data();
    end_ = text.data() + text.size();
  }

  std::istream* stream_;
  Utf8Repair utf8_;
  const char* next_ = nullptr;
  const char* end_ = nullptr;
  std::size_t max_token_;
  std::size_t offset_ = 0;
  std::size_t token_begin_ = 0;
  bool token_too_long_ = false;
  std::array<char, kPieceBytes> piece_;
};

/// The source as the input iterator that the tokenizer wants; without a source it is the end.
class ByteIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = char;

  ByteIterator() = default;
  explicit ByteIterator(ByteSource* source) : source_(source) {}
  char operator*() const { return source_->Peek(); }
  ByteIterator& operator++() {
    source_->Advance();
    return *this;
  }
  friend bool operator==(const ByteIterator& a, const ByteIterator& b) { return a.AtEnd() == b.AtEnd(); }

 private:
  bool AtEnd() const { return source_ == nullptr || source_->AtEnd(); }
  ByteSource* source_ = nullptr;
};

/// Takes the events of the tokenizer. Each event returns whether to go on; after a false, status() says why.
class Handler {
 public:
  using Json = nlohmann::json;

  Handler(ByteSource& source, Place root, const Limits& limits)
      : source_(source), root_(root), limits_(limits) {}

  const Status& status() const { return status_; }

  bool null() {
    source_.TokenDone();
    if (skipped_depth_ > 0) return true;
    // A null element is nothing there; a null member is a zero.
    if (!stack_.empty() && stack_.back().is_array) return true;
    Place place = TakePlace();
    if (stack_.empty()) return FailType(*place.shape, "null");
    if (place.shape != nullptr) place.shape->TakeNull(place.object);
    return true;
  }
  bool boolean(bool value) {
    return Scalar("a boolean", [&](const Place& p) { return p.shape->TakeBool(p.object, value); });
  }
  bool number_integer(Json::number_integer_t value) {
    Integer integer{.bits = static_cast<std::uint64_t>(value), .negative = value < 0};
    return Scalar("a number out of range",
                  [&](const Place& p) { return p.shape->TakeInteger(p.object, integer); });
  }
  bool number_unsigned(Json::number_unsigned_t value) {
    Integer integer{.bits = value};
    return Scalar("a number out of range",
                  [&](const Place& p) { return p.shape->TakeInteger(p.object, integer); });
  }
  bool number_float(Json::number_float_t, const std::string&) {
    return Scalar("a number that is no 64-bit integer", [](const Place&) { return false; });
  }
  bool string(std::string& text) {
    return Scalar("a string", [&](const Place& p) { return p.shape->TakeString(p.object, text); });
  }
  bool binary(Json::binary_t&) { return Fail("binary data inside JSON"); }

  bool start_object(std::size_t) {
    return Open(Bracket::kObject, "an object", [](const Place& p) { return p.shape->BeginObject(p.object); });
  }
  bool start_array(std::size_t) {
    return Open(Bracket::kArray, "an array", [](const Place& p) { return p.shape->BeginArray(p.object); });
  }
  bool end_object() { return Close(); }
  bool end_array() { return Close(); }

  bool key(std::string& key) {
    source_.TokenDone();
    if (skipped_depth_ > 0) return true;
    const Frame& top = stack_.back();
    pending_ = top.place.shape->Member(top.place.object, key);
    if (pending_.shape == nullptr) NotePassedOver(key);
    return Charge(*top.place.shape);
  }

  template <class Exception>
  bool parse_error(std::size_t, const std::string&, const Exception& error) {
    if (source_.token_too_long()) {
      return Fail(fmt::format("a string, number or gap of more than {} bytes", limits_.token_bytes));
    }
    return Fail(WithoutContent(error.what()));
  }

 private:
  enum class Bracket { kObject, kArray };
  struct Frame {
    Place place;
    bool is_array = false;
    std::size_t elements = 0;
  };

  void NotePassedOver(const std::string& key) {
    constexpr std::size_t kMost = 100;
    if (limits_.passed_over != nullptr && limits_.passed_over->size() < kMost)
      limits_.passed_over->insert(key);
  }

  template <class Take>
  bool Scalar(std::string_view found, Take take) {
    source_.TokenDone();
    if (skipped_depth_ > 0) return true;
    Place place = TakePlace();
    if (!status_.ok()) return false;
    if (place.shape == nullptr) return true;
    if (!take(place)) return FailType(*place.shape, found);
    return ValueDone();
  }

  template <class Begin>
  bool Open(Bracket bracket, std::string_view found, Begin begin) {
    source_.TokenDone();
    if (stack_.size() + skipped_depth_ >= limits_.depth) {
      return Fail(fmt::format("nested deeper than {} levels", limits_.depth));
    }
    if (skipped_depth_ > 0) {
      ++skipped_depth_;
      return true;
    }
    Place place = TakePlace();
    if (!status_.ok()) return false;
    if (place.shape == nullptr) {
      skipped_depth_ = 1;
      return true;
    }
    if (!begin(place)) return FailType(*place.shape, found);
    stack_.push_back({.place = place, .is_array = bracket == Bracket::kArray});
    pending_ = {};
    return true;
  }

  bool Close() {
    source_.TokenDone();
    if (skipped_depth_ > 0) {
      --skipped_depth_;
      return skipped_depth_ > 0 || ValueDone();
    }
    pending_ = {};
    const Place place = stack_.back().place;
    if (Status ended = place.shape->End(place.object); !ended.ok()) return Fail(ended.message());
    stack_.pop_back();
    return ValueDone();
  }

  /// Where the value that begins now belongs.
  Place TakePlace() {
    if (stack_.empty()) return root_;
    Frame& top = stack_.back();
    if (!top.is_array) return pending_;
    ++top.elements;
    Place place = top.place.shape->Element(top.place.object);
    (void)Charge(*top.place.shape);
    return place;
  }

  bool ValueDone() {
    if (stack_.empty() || !stack_.back().is_array) return true;
    const Place& array = stack_.back().place;
    Status done = array.shape->ElementDone(array.object);
    return done.ok() || Fail(done.message());
  }

  /// A document may not make us hold many times its own size.
  bool Charge(const Shape& shape) {
    grown_bytes_ += shape.GrowthBytes();
    if (grown_bytes_ <= limits_.free_bytes + limits_.bytes_per_byte * source_.offset()) return true;
    return Fail("many more elements than a document of this length may hold");
  }

  bool FailType(const Shape& shape, std::string_view found) {
    return Fail(fmt::format("expected {}, found {}", shape.Expected(), found));
  }

  bool Fail(std::string_view what) {
    if (!status_.ok()) return false;
    std::string path = PathOfValue();
    status_ = DataLoss(
        fmt::format("near byte {}{}{}: {}", source_.offset(), path.empty() ? "" : ", at ", path, what));
    return false;
  }

  /// "collection_backups[2].schema.fields[0]"
  std::string PathOfValue() const {
    std::string path;
    auto append = [&path](std::string_view name) {
      if (!path.empty() && !name.empty()) path += '.';
      path += name;
    };
    for (const Frame& frame : stack_) {
      append(frame.place.name);
      if (frame.is_array && frame.elements > 0) path += fmt::format("[{}]", frame.elements - 1);
    }
    append(pending_.name);
    return path;
  }

  /// The tokenizer's complaint without its "last read: '…'", which may be a password or megabytes.
  static std::string WithoutContent(std::string_view what) {
    what = what.substr(0, what.find("; last read:"));
    std::size_t bracket = what.find("] ");
    return std::string(bracket == std::string_view::npos ? what : what.substr(bracket + 2));
  }

  ByteSource& source_;
  Place root_;
  Limits limits_;
  std::vector<Frame> stack_;
  Place pending_;  ///< of the key just read, until a bracket opens or closes
  std::size_t skipped_depth_ = 0;
  std::size_t grown_bytes_ = 0;
  Status status_;
};

Status ReadFrom(ByteSource& source, std::string_view document, Place root, const Limits& limits) {
  Handler handler(source, root, limits);
  const bool whole = nlohmann::json::sax_parse(ByteIterator(&source), ByteIterator(), &handler);
  if (source.stream_failed()) return {Code::kUnavailable, "reading JSON: the stream failed"};
  if (!handler.status().ok()) return handler.status();
  if (!whole) return DataLoss(fmt::format("near byte {}: not JSON", source.offset()));
  if (source.bytes_replaced() > 0)
    log::Warn("{}: {} bytes are not UTF-8; each is read as U+FFFD", document, source.bytes_replaced());
  return {};
}

}  // namespace

Status Read(std::istream& text, std::string_view document, Place root, const Limits& limits) {
  ByteSource source(&text, {}, limits.token_bytes);
  return ReadFrom(source, document, root, limits);
}

Status Read(std::string_view text, std::string_view document, Place root, const Limits& limits) {
  ByteSource source(nullptr, text, limits.token_bytes);
  return ReadFrom(source, document, root, limits);
}

}  // namespace mbk::manifest::json
