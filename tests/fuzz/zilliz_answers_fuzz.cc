// Fuzz target: any text as an answer of Zilliz Cloud, the first byte says which. It must be read or refused,
// within bounded time and memory; what is read must be usable.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "zilliz/answers.h"

namespace {

using namespace mbk;

void Check(bool holds) {
  if (!holds) std::abort();
}

bool FitsOneLine(std::string_view text) {
  return std::ranges::none_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

void ReadVolume(std::string_view text) {
  const std::chrono::system_clock::time_point now{};
  const auto volume = zilliz::ParseVolume(text, now);
  if (!volume.ok()) return Check(FitsOneLine(volume.status().message()));
  Check(!volume->name.empty() && !volume->host.empty() && !volume->bucket.empty());
  Check(volume->upload_path.ends_with('/') && volume->max_content_bytes >= 0);
  Check(volume->keys.expires > now && !volume->keys.value.session_token.empty());
  Check(FitsOneLine(volume->upload_path) && FitsOneLine(volume->keys.value.session_token));
  Check(FitsOneLine(volume->keys.value.access_key_id) && FitsOneLine(volume->keys.value.secret_access_key));
}

void ReadJobId(std::string_view text) {
  const auto id = zilliz::ParseJobId(text);
  if (id.ok()) Check(!id->empty() && FitsOneLine(*id));
}

void ReadJob(std::string_view text) {
  const auto job = zilliz::ParseJob(text);
  if (job.ok()) Check(job->percent >= 0 && job->percent <= 100 && FitsOneLine(job->reason));
}

void ReadRefusal(std::string_view text) {
  for (const int status : {200, 403, 503}) {
    const Status outcome = zilliz::CheckAnswer({.status = status, .body = std::string(text)});
    Check(status == 200 || !outcome.ok());
    Check(FitsOneLine(outcome.message()));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  constexpr void (*kReaders[])(std::string_view) = {ReadVolume, ReadJobId, ReadJob, ReadRefusal};
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  kReaders[data[0] % std::size(kReaders)](text);
  return 0;
}
