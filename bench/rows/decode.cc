#include <fmt/core.h>
#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include <fstream>
#include <iterator>

#include "base/parallel.h"
#include "codec/fingerprint.h"
#include "codec/row_codec.h"
#include "commands.h"
#include "made_rows.h"

namespace mbk::bench {
namespace {

constexpr std::int64_t kFieldId = 100;
constexpr std::int64_t kCacheLine = 64;

/// Bytes that somebody else holds, as a file.
class ViewSource : public ByteSource {
 public:
  ViewSource(std::string name, const std::string& bytes) : name_(std::move(name)), bytes_(bytes) {}
  const std::string& name() const override { return name_; }
  std::int64_t size() const override { return static_cast<std::int64_t>(bytes_.size()); }
  Status ReadAt(std::int64_t offset, std::int64_t length, char* out) override {
    std::memcpy(out, bytes_.data() + offset, static_cast<std::size_t>(length));
    return {};
  }
  Result<std::optional<ByteView>> View(std::int64_t offset, std::int64_t /*length*/) override {
    return std::optional(ByteView{.data = bytes_.data() + offset});
  }

 private:
  const std::string name_;
  const std::string& bytes_;
};

struct Decoded {
  std::int64_t rows = 0;
  std::int64_t value_bytes = 0;
  std::uint64_t sum = 0;  // so that no read of a value can be left out
};

// One word of every cache line.
std::uint64_t Touch(const std::uint8_t* bytes, std::int64_t length) {
  std::uint64_t sum = 0;
  for (std::int64_t at = 0; at + 8 <= length; at += kCacheLine) {
    std::uint64_t word;
    std::memcpy(&word, bytes + at, sizeof(word));
    sum += word;
  }
  return sum;
}

void TouchColumn(const Column& column, Decoded& decoded) {
  const std::uint8_t* begin = column.values;
  std::int64_t bytes = 0;
  switch (column.layout) {
    case ColumnLayout::kBits:
      bytes = (column.length + 7) / 8;
      break;
    case ColumnLayout::kFixed:
      begin += column.offset * column.width;
      bytes = column.length * column.width;
      break;
    case ColumnLayout::kVariable: {
      const std::int32_t* const offsets = column.offsets + column.offset;
      begin += offsets[0];
      bytes = offsets[column.length] - offsets[0];
      decoded.sum += Touch(reinterpret_cast<const std::uint8_t*>(offsets), 4 * (column.length + 1));
      break;
    }
  }
  decoded.sum += Touch(begin, bytes);
  decoded.value_bytes += bytes;
}

class DecodeRun {
 public:
  DecodeRun(RowCodec& codec, const DecodeOptions& options)
      : codec_(codec), field_(FieldOfKind(options.kind, kFieldId)), fingerprint_(options.fingerprint) {
    schema_.fields.push_back(field_);
  }

  Status ReadFiles(const std::filesystem::path& directory) {
    for (int i = 0; std::filesystem::exists(directory / std::to_string(i)); ++i) {
      std::ifstream in(directory / std::to_string(i), std::ios::binary);
      files_.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
      file_bytes_ += static_cast<std::int64_t>(files_.back().size());
    }
    if (files_.empty()) return NotFound(fmt::format("there are no files in {}", directory.string()));
    return {};
  }

  /// All files once, as those of one segment.
  Result<Decoded> Pass() const {
    FieldFiles field{.field_id = kFieldId};
    for (const std::string& file : files_)
      field.files.push_back(std::make_unique<ViewSource>("a file in memory", file));
    std::vector<FieldFiles> fields;
    fields.push_back(std::move(field));
    MBK_TRY_ASSIGN(auto reader, codec_.OpenSegment(schema_, std::move(fields), {.field_ids = {kFieldId}}));
    const RowHasher hasher(schema_);
    Decoded decoded;
    for (;;) {
      MBK_TRY_ASSIGN(const std::optional<RowBatch> batch, reader->Next());
      if (!batch) return decoded;
      decoded.rows += batch->rows;
      TouchColumn(batch->columns.front(), decoded);
      if (!fingerprint_) continue;
      MBK_TRY_ASSIGN(const std::vector<Hash128> hashes, hasher.HashRows(*batch));
      Fingerprint fingerprint;
      for (const Hash128& hash : hashes) fingerprint.Add(hash);
      decoded.sum += fingerprint.sum.low;
    }
  }

  std::int64_t file_bytes() const { return file_bytes_; }

 private:
  RowCodec& codec_;
  const FieldSchema field_;
  const bool fingerprint_;
  CollectionSchema schema_;
  std::vector<std::string> files_;
  std::int64_t file_bytes_ = 0;
};

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace

Status Decode(const DecodeOptions& options) {
  MBK_TRY_ASSIGN(RowCodec* const codec, LoadRowCodec());
  DecodeRun run(*codec, options);
  MBK_TRY(run.ReadFiles(options.directory / options.kind));
  MBK_TRY_ASSIGN(const Decoded once, run.Pass());  // which also warms up
  // As many for each thread.
  const std::int64_t share = (options.rows / once.rows + options.threads) / options.threads;
  const std::int64_t passes = share * options.threads;

  std::atomic<std::uint64_t> sum{0};
  const double cpu_before = CpuSeconds();
  const auto began = std::chrono::steady_clock::now();
  MBK_TRY(ParallelFor(static_cast<std::size_t>(options.threads), options.threads, {},
                      [&](std::size_t, const CallContext&) -> Status {
                        for (std::int64_t i = 0; i < share; ++i) {
                          MBK_TRY_ASSIGN(const Decoded decoded, run.Pass());
                          sum += decoded.sum;
                        }
                        return {};
                      }));
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - began;
  fmt::print(R"({{"rows":{},"value_bytes":{},"file_bytes":{},"wall_s":{:.6f},"cpu_s":{:.6f},"sum":{}}})"
             "\n",
             once.rows * passes, once.value_bytes * passes, run.file_bytes() * passes, wall.count(),
             CpuSeconds() - cpu_before, sum.load());
  return {};
}

}  // namespace mbk::bench
