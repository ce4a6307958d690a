#include <arrow/array.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

#include "codec/arrow/arrow_codec.h"
#include "codec/arrow/column_import.h"
#include "codec/arrow/payload_reader.h"
#include "codec/default_column.h"
#include "codec/field_type.h"

/// Rows of a segment: one cursor a field (V1) or column group (V2), all moved forward together. A cursor
/// stands in a piece: a Parquet file, which is the payload of one event of a V1 file, or a V2 file.
namespace mbk::codec {
namespace {

struct Wanted {
  FieldSchema field;
  ColumnShape shape;
};

/// One column of a piece, and which of the wanted fields it is.
struct PieceColumn {
  std::size_t wanted = 0;
  int index = 0;
};

std::optional<std::int64_t> IdOf(const PayloadReader::FileColumn& column) {
  if (column.field_id) return column.field_id;
  std::int64_t id = 0;
  const std::string& name = column.name;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), id);
  if (name.empty() || error != std::errc() || end != name.data() + name.size()) return std::nullopt;
  return id;
}

/// The files of one field or column group, piece by piece.
class Cursor {
 public:
  Cursor(FieldFiles files, FileKind kind, std::shared_ptr<LimitPool> pool)
      : files_(std::move(files)), kind_(kind), pool_(std::move(pool)) {}

  std::int64_t field_id() const { return files_.field_id; }
  std::size_t file_count() const { return files_.files.size(); }
  PayloadReader& piece() { return *piece_; }
  /// For messages: the file that the cursor stands in, or stood in last.
  const std::string& file_name() const { return file_ == 0 ? files_.files.front()->name() : file_name_; }

  /// Opens the next piece of the current file; false where that file ends.
  Result<bool> NextPiece() {
    piece_.reset();
    if (file_ == 0 || files_.files[file_ - 1] == nullptr) return false;
    ByteSource& file = *files_.files[file_ - 1];
    if (kind_ == FileKind::kParquet) {
      if (std::exchange(is_read_, true)) return false;
      MBK_TRY_ASSIGN(piece_, PayloadReader::Open(file, {.offset = 0, .length = file.size()}, pool_));
      return true;
    }
    MBK_TRY_ASSIGN(const std::optional<Payload> payload, envelope_->Next(EventType::kInsert));
    if (!payload) return false;
    MBK_TRY_ASSIGN(piece_, PayloadReader::Open(file, *payload, pool_));
    return true;
  }

  /// Moves to the next file, before its first piece; false when there is none.
  Result<bool> NextFile() {
    // What the last file holds in memory goes with it.
    piece_.reset();
    envelope_.reset();
    if (file_ > 0) files_.files[file_ - 1].reset();
    if (file_ == file_count()) return false;
    ByteSource& file = *files_.files[file_++];
    file_name_ = file.name();
    is_read_ = false;
    if (kind_ == FileKind::kEnvelope) {
      MBK_TRY_ASSIGN(envelope_, EnvelopeReader::Open(file));
      return true;
    }
    // The end of a V1 file looks like that of a packed one.
    MBK_TRY_ASSIGN(const FileKind kind, ProbeFile(file));
    if (kind != kind_)
      return DataLoss(file.name() + ": offset 0: a binlog of storage V1 where a packed file belongs");
    return true;
  }

  /// Of the current file.
  const std::optional<EnvelopeReader>& envelope() const { return envelope_; }

 private:
  FieldFiles files_;
  FileKind kind_;
  std::shared_ptr<LimitPool> pool_;
  std::size_t file_ = 0;  // the current one is the one before
  std::string file_name_;
  bool is_read_ = false;
  std::optional<EnvelopeReader> envelope_;
  std::unique_ptr<PayloadReader> piece_;
};

class SegmentReader : public RowReader {
 public:
  explicit SegmentReader(const ReadOptions& options)
      : options_(options), pool_(std::make_shared<LimitPool>(options.memory_bytes)) {}

  Status Open(const CollectionSchema& schema, std::vector<FieldFiles> files);
  Result<std::optional<RowBatch>> Next() override;

 private:
  struct Source {
    Cursor cursor;
    std::vector<PieceColumn> columns;  // of the current piece
  };

  Result<std::optional<RowBatch>> NextBatch();
  Status Choose(const CollectionSchema& schema);
  Status OpenV1(std::vector<FieldFiles> files);
  Status OpenV2(std::vector<FieldFiles> files);
  Status CheckMissing() const;

  /// Moves all cursors to their next pieces; false when the segment ends.
  Result<bool> NextPieces();
  Result<bool> NextPieces(bool in_same_file);
  Status CheckDescriptor(const Source& source);
  Status CheckOrigin(const Source& source, const BinlogOrigin& origin);
  void FindColumns(Source& source) const;
  Status SelectColumns(Source& source);
  Result<bool> BeginPieces();
  std::int64_t PickRows() const;
  Result<RowBatch> ReadRows(std::int64_t rows);
  Status ReadSource(Source& source, std::int64_t rows, std::vector<Column>& columns);
  void Measure(const RowBatch& batch);

  const ReadOptions options_;
  const std::shared_ptr<LimitPool> pool_;
  std::vector<Wanted> wanted_;
  std::vector<char> is_found_;  // of wanted_
  FileKind kind_ = FileKind::kEnvelope;
  std::vector<Source> sources_;
  bool is_begun_ = false;       // V2: the first pieces are open already
  std::int64_t rows_left_ = 0;  // in the current pieces
  std::int64_t rows_read_ = 0;
  double bytes_per_row_ = 0;
  std::int64_t most_rows_ = 0;
  std::optional<BinlogOrigin> origin_;  // V1: of all files
  Status failure_;                      // where a file is damaged its cursor stands nowhere
};

/// A batch begins with so many rows, so that rows that are larger than the footers say are noticed early.
constexpr std::int64_t kFirstRows = 1024;

Status SegmentReader::Open(const CollectionSchema& schema, std::vector<FieldFiles> files) {
  if (options_.batch_rows < 1 || options_.batch_bytes < 1 || options_.memory_bytes < 1)
    return InvalidArgument("read rows: limits of a batch must be positive");
  MBK_TRY(Choose(schema));
  std::erase_if(files, [](const FieldFiles& field) { return field.files.empty(); });
  if (files.empty()) return {};
  for (const FieldFiles& field : files) {
    if (field.files.size() != files.front().files.size()) {
      return DataLoss(fmt::format("{}: field {} has {} files, field {} has {}", field.files.front()->name(),
                                  field.field_id, field.files.size(), files.front().field_id,
                                  files.front().files.size()));
    }
  }
  MBK_TRY_ASSIGN(kind_, ProbeFile(*files.front().files.front()));
  return kind_ == FileKind::kEnvelope ? OpenV1(std::move(files)) : OpenV2(std::move(files));
}

Status SegmentReader::Choose(const CollectionSchema& schema) {
  std::vector<FieldSchema> fields;
  if (options_.field_ids.empty()) fields = StoredFields(schema);
  std::set<std::int64_t> chosen;
  for (const std::int64_t id : options_.field_ids) {
    if (!chosen.insert(id).second) continue;
    std::optional<FieldSchema> field = FindField(schema, id);
    if (!field) return InvalidArgument(fmt::format("collection {} has no field {}", schema.name, id));
    fields.push_back(std::move(*field));
  }
  for (FieldSchema& field : fields) {
    MBK_TRY_ASSIGN(const ColumnShape shape, ShapeOf(field));
    wanted_.push_back({.field = std::move(field), .shape = shape});
  }
  is_found_.resize(wanted_.size());
  return {};
}

Status SegmentReader::OpenV1(std::vector<FieldFiles> files) {
  for (std::size_t i = 0; i < wanted_.size(); ++i) {
    for (FieldFiles& field : files) {
      if (field.field_id != wanted_[i].field.field_id || field.files.empty()) continue;
      sources_.push_back({.cursor = Cursor(std::move(field), kind_, pool_), .columns = {{.wanted = i}}});
      is_found_[i] = 1;
    }
  }
  MBK_TRY(CheckMissing());
  // Only fields that were added later are wanted: another one tells how many rows there are.
  if (sources_.empty()) sources_.push_back({.cursor = Cursor(std::move(files.front()), kind_, pool_)});
  return {};
}

Status SegmentReader::OpenV2(std::vector<FieldFiles> files) {
  for (FieldFiles& group : files) {
    Source source = {.cursor = Cursor(std::move(group), kind_, pool_)};
    MBK_TRY(source.cursor.NextFile().status());
    MBK_TRY(source.cursor.NextPiece().status());
    FindColumns(source);
    sources_.push_back(std::move(source));
  }
  for (const Source& source : sources_)
    for (const PieceColumn& column : source.columns) is_found_[column.wanted] = 1;
  MBK_TRY(CheckMissing());
  const bool has_any = std::any_of(sources_.begin(), sources_.end(),
                                   [](const Source& source) { return !source.columns.empty(); });
  if (has_any) std::erase_if(sources_, [](const Source& source) { return source.columns.empty(); });
  if (!has_any) sources_.erase(sources_.begin() + 1, sources_.end());
  is_begun_ = true;
  return {};
}

Status SegmentReader::CheckMissing() const {
  for (std::size_t i = 0; i < wanted_.size(); ++i) {
    const FieldSchema& field = wanted_[i].field;
    if (is_found_[i] == 0 && !field.nullable)
      return DataLoss(
          fmt::format("field {} ({}) has no files, and may not be null", field.name, field.field_id));
  }
  return {};
}

Result<std::optional<RowBatch>> SegmentReader::Next() {
  if (!failure_.ok()) return failure_;
  Result<std::optional<RowBatch>> batch = NextBatch();
  if (!batch.ok()) failure_ = batch.status();
  return batch;
}

Result<std::optional<RowBatch>> SegmentReader::NextBatch() {
  while (rows_left_ == 0) {
    MBK_TRY_ASSIGN(const bool has_more, NextPieces());
    if (!has_more) return std::optional<RowBatch>();
  }
  MBK_TRY_ASSIGN(RowBatch batch, ReadRows(PickRows()));
  Measure(batch);
  return std::optional<RowBatch>(std::move(batch));
}

Result<bool> SegmentReader::NextPieces() {
  if (sources_.empty()) return false;
  if (std::exchange(is_begun_, false)) return BeginPieces();
  while (true) {
    MBK_TRY_ASSIGN(const bool has_piece, NextPieces(/*in_same_file=*/true));
    if (has_piece) return BeginPieces();
    MBK_TRY_ASSIGN(const bool has_file, NextPieces(/*in_same_file=*/false));
    if (!has_file) return false;
  }
}

/// Moves all cursors one piece, or one file; all of them can, or none.
Result<bool> SegmentReader::NextPieces(bool in_same_file) {
  std::optional<bool> first;
  for (Source& source : sources_) {
    MBK_TRY_ASSIGN(const bool moved, in_same_file ? source.cursor.NextPiece() : source.cursor.NextFile());
    if (!first) first = moved;
    if (moved != *first) {
      return DataLoss(fmt::format("{}: misaligned: ends where {} goes on",
                                  (moved ? sources_.front() : source).cursor.file_name(),
                                  (moved ? source : sources_.front()).cursor.file_name()));
    }
    if (moved && !in_same_file && kind_ == FileKind::kEnvelope) MBK_TRY(CheckDescriptor(source));
  }
  return *first;
}

/// A file that lies in the wrong place would pass for the field that belongs there.
Status SegmentReader::CheckDescriptor(const Source& source) {
  const Descriptor& descriptor = source.cursor.envelope()->descriptor();
  if (descriptor.field_id != source.cursor.field_id()) {
    return DataLoss(fmt::format("{}: offset 45: holds field {} instead of {}", source.cursor.file_name(),
                                descriptor.field_id, source.cursor.field_id()));
  }
  MBK_TRY(CheckOrigin(source, descriptor.origin));
  for (const PieceColumn& column : source.columns) {
    const FieldSchema& field = wanted_[column.wanted].field;
    if (!SameStorage(descriptor.payload_type, field.data_type)) {
      return DataLoss(
          fmt::format("{}: offset 69: field {} ({}) is of type {} by the schema and {} in the file",
                      source.cursor.file_name(), field.name, field.field_id,
                      static_cast<int>(field.data_type), static_cast<int>(descriptor.payload_type)));
    }
  }
  return {};
}

/// Nor may it be of another segment: two files of one size can change places.
Status SegmentReader::CheckOrigin(const Source& source, const BinlogOrigin& origin) {
  if (!origin_) origin_ = options_.origin.value_or(origin);
  if (origin == *origin_) return {};
  return DataLoss(fmt::format("{}: offset 21: is of {}, and belongs to {}", source.cursor.file_name(),
                              TextOf(origin), TextOf(*origin_)));
}

/// The wanted columns of a packed file.
void SegmentReader::FindColumns(Source& source) const {
  source.columns.clear();
  const std::vector<PayloadReader::FileColumn>& columns = source.cursor.piece().columns();
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const std::optional<std::int64_t> id = IdOf(columns[i]);
    for (std::size_t wanted = 0; id && wanted < wanted_.size(); ++wanted) {
      if (wanted_[wanted].field.field_id == *id)
        source.columns.push_back({.wanted = wanted, .index = static_cast<int>(i)});
    }
  }
}

Status SegmentReader::SelectColumns(Source& source) {
  PayloadReader& piece = source.cursor.piece();
  if (kind_ == FileKind::kParquet) {
    const std::vector<PieceColumn> before = source.columns;
    FindColumns(source);
    const auto is_there = [&](const PieceColumn& old) {
      return std::any_of(source.columns.begin(), source.columns.end(),
                         [&](const PieceColumn& column) { return column.wanted == old.wanted; });
    };
    if (!std::all_of(before.begin(), before.end(), is_there))
      return DataLoss(piece.where() + ": lacks a column that the files before it have");
  }
  for (const PieceColumn& column : source.columns) {
    if (static_cast<std::size_t>(column.index) >= piece.columns().size())
      return DataLoss(piece.where() + ": a Parquet file without columns");
    const Wanted& wanted = wanted_[column.wanted];
    const arrow::DataType& type = *piece.columns()[static_cast<std::size_t>(column.index)].type;
    MBK_TRY(CheckType(wanted.field, wanted.shape, type, piece.where()));
    MBK_TRY(piece.Select(column.index));
  }
  return {};
}

Result<bool> SegmentReader::BeginPieces() {
  const std::int64_t rows = sources_.front().cursor.piece().rows();
  double bytes_per_row = 0;
  for (Source& source : sources_) {
    PayloadReader& piece = source.cursor.piece();
    if (piece.rows() != rows) {
      return DataLoss(fmt::format("{}: misaligned: has {} rows, {} has {}", piece.where(), piece.rows(),
                                  sources_.front().cursor.piece().where(), rows));
    }
    MBK_TRY(SelectColumns(source));
    for (const PieceColumn& column : source.columns) bytes_per_row += piece.BytesPerRow(column.index);
  }
  for (std::size_t i = 0; i < wanted_.size(); ++i)
    if (is_found_[i] == 0) bytes_per_row += static_cast<double>(wanted_[i].field.default_value.size());
  bytes_per_row_ = std::max(bytes_per_row_, bytes_per_row);
  if (most_rows_ == 0) most_rows_ = kFirstRows;
  rows_left_ = rows;
  rows_read_ = 0;
  return true;
}

std::int64_t SegmentReader::PickRows() const {
  const double fit = static_cast<double>(options_.batch_bytes) / std::max(bytes_per_row_, 1.0);
  const std::int64_t most = std::min({rows_left_, options_.batch_rows, most_rows_});
  return std::clamp<std::int64_t>(static_cast<std::int64_t>(fit), 1, most);
}

Result<RowBatch> SegmentReader::ReadRows(std::int64_t rows) {
  std::vector<Column> columns(wanted_.size());
  for (Source& source : sources_) MBK_TRY(ReadSource(source, rows, columns));
  for (std::size_t i = 0; i < wanted_.size(); ++i) {
    if (is_found_[i] != 0) continue;
    // The field was added after these rows were written: Milvus answers its default, or null.
    const auto& [field, shape] = wanted_[i];
    MBK_TRY_ASSIGN(columns[i], field.default_value.empty() ? NullColumn(field, shape, rows, pool_)
                                                           : DefaultColumn(field, shape, rows));
  }
  rows_left_ -= rows;
  rows_read_ += rows;
  return RowBatch{.rows = rows, .columns = std::move(columns)};
}

Status SegmentReader::ReadSource(Source& source, std::int64_t rows, std::vector<Column>& columns) {
  PayloadReader& piece = source.cursor.piece();
  for (const PieceColumn& column : source.columns) {
    const Wanted& wanted = wanted_[column.wanted];
    MBK_TRY_ASSIGN(std::shared_ptr<arrow::Array> array, piece.Read(column.index, rows));
    const ImportContext context = {.where = piece.where(), .first_row = rows_read_, .pool = pool_};
    MBK_TRY_ASSIGN(columns[column.wanted],
                   ImportColumn(wanted.field, wanted.shape, std::move(array), context));
  }
  return {};
}

/// Later rows may be larger than earlier ones: batches grow step by step, and shrink at once.
void SegmentReader::Measure(const RowBatch& batch) {
  std::int64_t bytes = 0;
  for (const Column& column : batch.columns) {
    bytes += column.layout == ColumnLayout::kVariable ? column.offsets[column.offset + column.length] -
                                                            column.offsets[column.offset] + 4 * column.length
                                                      : column.length * std::max(column.width, 1);
  }
  bytes_per_row_ = static_cast<double>(bytes) / static_cast<double>(batch.rows);
  most_rows_ = std::min(options_.batch_rows, std::max(most_rows_, 2 * batch.rows));
}

}  // namespace

Result<std::unique_ptr<RowReader>> OpenSegment(const CollectionSchema& schema, std::vector<FieldFiles> files,
                                               const ReadOptions& options) {
  auto reader = std::make_unique<SegmentReader>(options);
  MBK_TRY(reader->Open(schema, std::move(files)));
  return std::unique_ptr<RowReader>(std::move(reader));
}

}  // namespace mbk::codec
