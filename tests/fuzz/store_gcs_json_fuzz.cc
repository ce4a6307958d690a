// Fuzz target: any text as an answer of Google Cloud Storage, the first byte says which. It must be read or
// refused, within bounded time and memory; what is read must be usable.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "store/credentials/google_key_file.h"
#include "store/gcs/gcs_batch.h"
#include "store/gcs/gcs_error.h"
#include "store/gcs/gcs_json.h"

namespace {

using namespace mbk;

void Check(bool holds) {
  if (!holds) std::abort();
}

void CheckObject(const ObjectInfo& object) {
  Check(!object.key.empty() && object.size >= 0 && !object.etag.empty());
}

void ReadListing(std::string_view text) {
  const auto page = gcs::ParseListPage(text);
  if (!page.ok()) return Check(page.status().code() == Code::kDataLoss);
  for (const ObjectInfo& object : page->objects) CheckObject(object);
}

void ReadObject(std::string_view text) {
  const auto object = gcs::ParseObject(text);
  if (!object.ok()) return Check(object.status().code() == Code::kDataLoss);
  CheckObject(object->info);
}

void ReadRewrite(std::string_view text) {
  const auto step = gcs::ParseRewriteStep(text);
  if (step.ok()) Check(step->done ? step->object.has_value() : !step->token.empty());
}

void ReadError(std::string_view text) {
  const HttpResponse response{.status = 403, .body = std::string(text)};
  const Status refused =
      gcs::ToStatus(response, {.operation = "objects.get", .url = "gs://b/k", .account = "a"});
  Check(!refused.ok() && refused.message().find('\n') == std::string::npos);
}

void ReadBatch(std::string_view text) {
  const HttpResponse response{
      .status = 200, .headers = {{"Content-Type", "multipart/mixed; boundary=b"}}, .body = std::string(text)};
  const auto answers = gcs::ParseBatch(response, 2);
  if (answers.ok()) Check(answers->size() == 2);
}

void ReadKeyFile(std::string_view text) {
  const auto file = google::ParseKeyFile(text);
  if (!file.ok()) Check(file.status().code() == Code::kInvalidArgument);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  constexpr void (*kReaders[])(std::string_view) = {ReadListing, ReadObject, ReadRewrite,
                                                    ReadError,   ReadBatch,  ReadKeyFile};
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  kReaders[data[0] % std::size(kReaders)](text);
  gcs::ParseHashHeader(text);
  return 0;
}
