#include "milvus/row_cursor.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>

#include "milvus/field_data.h"
#include "milvus/row_size.h"

namespace mbk {
namespace {

/// What a row of this field takes, for the first page; later ones go by what came. 0: there is no telling.
std::int64_t GuessBytes(const FieldSchema& field) {
  const std::string* text = FindValue(field.type_params, "dim");
  std::int64_t dim = 0;
  if (text != nullptr) std::from_chars(text->data(), text->data() + text->size(), dim);
  if (field.data_type == DataType::kBool) return 1;
  return FixedWidth(field.data_type, std::clamp<std::int64_t>(dim, 0, 1 << 20));
}

/// The first page, by what the schema tells. Texts and the like may be 64 KiB each, so of them it is small.
std::int64_t FirstPage(const RowCursorOptions& options) {
  constexpr std::int64_t kRowsOfUnknownSize = 1024;
  std::int64_t row_bytes = 1;
  std::int64_t most = options.page_rows;
  for (const std::string& name : options.output_fields) {
    auto field = std::find_if(options.schema.fields.begin(), options.schema.fields.end(),
                              [&](const FieldSchema& one) { return one.name == name; });
    const std::int64_t bytes = field != options.schema.fields.end() ? GuessBytes(*field) : 0;
    if (bytes == 0) most = std::min(most, kRowsOfUnknownSize);
    row_bytes += bytes;
  }
  return std::clamp<std::int64_t>(options.page_bytes / row_bytes, 1, most);
}

/// Whether the server or gRPC would not send so large an answer: the limits of messages (2.3.5: 256 MiB
/// between its parts) and quotaAndLimits.limits.maxOutputSize of later versions.
bool IsTooLarge(const Status& status) {
  auto says = [&](std::string_view words) { return status.message().find(words) != std::string::npos; };
  return says("larger than max") || says("maxOutputSize") || says("message size exceeds");
}

}  // namespace

std::vector<std::string> ReadableFields(const CollectionSchema& schema) {
  std::vector<std::string> names;
  for (const FieldSchema& field : schema.fields) {
    if (!field.is_function_output && !field.is_dynamic) names.push_back(field.name);
  }
  for (const StructArrayField& field : schema.struct_array_fields) names.push_back(field.name);
  if (schema.enable_dynamic_field) names.emplace_back(kDynamicFieldName);
  return names;
}

Result<std::optional<RowBatch>> ReadAtOnce(MilvusClient& client, const RowCursorOptions& options,
                                           std::int64_t counted, const CallContext& context) {
  MBK_TRY_ASSIGN(const KeyField key, KeyField::Of(options.schema));
  RowCursorOptions page = options;
  page.page_rows = std::min(page.page_rows, kMaxQueryRows);
  if (page.output_fields.empty()) page.output_fields = ReadableFields(page.schema);
  const std::int64_t limit = FirstPage(page);
  if (counted > limit || IsEmptyRange(key, page.range)) return std::optional<RowBatch>();
  QueryRowsRequest request{.collection = page.collection,
                           .schema = &page.schema,
                           .expression = KeyExpression(key, page.range),
                           .output_fields = page.output_fields,
                           .limit = limit,
                           .all_fit = true,
                           .newest = page.newest};
  if (!page.partition_name.empty()) request.partition_names = {page.partition_name};
  Result<RowBatch> rows = client.QueryRows(request, context);
  if (!rows.ok() && IsTooLarge(rows.status())) return std::optional<RowBatch>();
  MBK_TRY(rows.status());
  if (rows->rows != counted) return std::optional<RowBatch>();
  return std::optional<RowBatch>(*std::move(rows));
}

Result<RowCursor> RowCursor::Open(MilvusClient& client, RowCursorOptions options) {
  MBK_TRY_ASSIGN(KeyField key, KeyField::Of(options.schema));
  if (options.page_rows < 1 || options.page_bytes < 1)
    return InvalidArgument("a cursor needs pages of at least a row and a byte");
  if (options.output_fields.empty()) options.output_fields = ReadableFields(options.schema);
  return RowCursor(client, std::move(options), std::move(key));
}

RowCursor::RowCursor(MilvusClient& client, RowCursorOptions options, KeyField key)
    : client_(&client), options_(std::move(options)), key_(std::move(key)) {
  options_.page_rows = std::min(options_.page_rows, kMaxQueryRows);
  limit_ = FirstPage(options_);
}

Result<std::optional<RowBatch>> RowCursor::Next(const CallContext& context) {
  if (ended_ || IsEmptyRange(key_, options_.range)) return std::optional<RowBatch>();
  MBK_TRY_ASSIGN(RowBatch page, Ask(context));
  if (page.rows == 0) {  // a page that is merely short is not the last, see QueryRowsRequest::limit
    ended_ = true;
    return std::optional<RowBatch>();
  }
  MBK_TRY(Advance(page));
  AdaptPage(page);
  return std::optional<RowBatch>(std::move(page));
}

Result<RowBatch> RowCursor::Ask(const CallContext& context) {
  QueryRowsRequest request{.collection = options_.collection,
                           .schema = &options_.schema,
                           .expression = KeyExpression(key_, options_.range),
                           .output_fields = options_.output_fields,
                           .newest = options_.newest};
  if (!options_.partition_name.empty()) request.partition_names = {options_.partition_name};
  for (;;) {
    request.limit = limit_;
    Result<RowBatch> page = client_->QueryRows(request, context);
    if (page.ok() || !IsTooLarge(page.status())) return page;
    if (limit_ == 1) {
      return FailedPrecondition(page.status().message() +
                                "; that is a single row: raise the server's limits of its messages");
    }
    limit_ = std::max<std::int64_t>(limit_ / 4, 1);
    options_.page_rows = limit_;
  }
}

Status RowCursor::Advance(const RowBatch& page) {
  auto complain = [&](const std::string& what) {
    return Internal(
        fmt::format("Query \"{}\" on Milvus {}: {}", options_.collection.Full(), client_->address(), what));
  };
  const Column* keys = page.Find(key_.field_id);
  if (keys == nullptr) return complain(fmt::format("the answer lacks the key \"{}\"", key_.name));
  for (std::int64_t row = 0; row < page.rows; ++row) {
    RowKey key = key_.At(*keys, row);
    const KeyRange& range = options_.range;
    const bool in_range = (!range.after || *range.after < key) && (!range.from || *range.from <= key) &&
                          (!range.to || key < *range.to);
    if (keys->IsNull(row) || !in_range) {
      return complain(
          fmt::format("the rows do not come in the order of their keys: {} where {} was asked for",
                      KeyText(key_, key), KeyExpression(key_, range)));
    }
    options_.range.after = std::move(key);
  }
  options_.range.from.reset();
  return {};
}

void RowCursor::AdaptPage(const RowBatch& page) {
  const std::int64_t row_bytes = std::max<std::int64_t>(EncodedSize(page) / page.rows, 1);
  // At most four times as many as before: the next rows may be larger than these.
  const std::int64_t most = std::min(options_.page_rows, std::max(limit_, page.rows) * 4);
  limit_ = std::clamp<std::int64_t>(options_.page_bytes / row_bytes, 1, most);
}

}  // namespace mbk
