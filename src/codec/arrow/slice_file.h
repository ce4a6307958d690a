#pragma once

#include <arrow/io/interfaces.h>

#include <cstdint>
#include <memory>
#include <optional>

#include "base/status.h"
#include "codec/arrow/limit_pool.h"
#include "codec/byte_source.h"
#include "codec/envelope.h"
#include "codec/parquet_footer.h"

namespace mbk::codec {

/// A part of a ByteSource as a file of Arrow's. What the source has in memory is not copied, the tail that
/// was read to check it not read again. One thread at a time; the source must outlive it.
class SliceFile : public arrow::io::RandomAccessFile {
 public:
  /// `view` is that of the whole part, if the source has it in memory.
  SliceFile(ByteSource& source, Payload slice, ParquetTail tail, std::optional<ByteView> view,
            std::shared_ptr<LimitPool> pool)
      : source_(source),
        slice_(slice),
        tail_(std::move(tail)),
        view_(std::move(view)),
        pool_(std::move(pool)) {}

  /// Why the source could not be read, if that is what went wrong.
  const Status& failure() const { return failure_; }

  arrow::Result<std::int64_t> GetSize() override { return slice_.length; }
  arrow::Result<std::int64_t> ReadAt(std::int64_t position, std::int64_t length, void* out) override;
  arrow::Result<std::shared_ptr<arrow::Buffer>> ReadAt(std::int64_t position, std::int64_t length) override;
  arrow::Result<std::int64_t> Read(std::int64_t length, void* out) override;
  arrow::Result<std::shared_ptr<arrow::Buffer>> Read(std::int64_t length) override;
  arrow::Status Seek(std::int64_t position) override;
  arrow::Result<std::int64_t> Tell() const override { return position_; }
  arrow::Status Close() override;
  bool closed() const override { return closed_; }

 private:
  /// What of `length` bytes lies within; an error when `position` does not.
  arrow::Result<std::int64_t> Clip(std::int64_t position, std::int64_t length) const;

  ByteSource& source_;
  const Payload slice_;
  const ParquetTail tail_;
  const std::optional<ByteView> view_;
  const std::shared_ptr<LimitPool> pool_;
  std::int64_t position_ = 0;
  bool closed_ = false;
  Status failure_;
};

}  // namespace mbk::codec
