// Fuzz target: any bytes as what gives out keys: AWS's shared files, metadata services, STS.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/timestamp.h"
#include "store/credentials/answer.h"
#include "store/credentials/ini.h"

namespace {

void Expect(bool holds) {
  if (!holds) std::abort();
}

void ExpectUsable(const mbk::Result<mbk::credentials::Keys>& keys, mbk::credentials::Keys::Time now) {
  if (!keys.ok()) return;
  Expect(!keys->value.access_key_id.empty() && !keys->value.secret_access_key.empty() && keys->expires > now);
  for (const std::string* text : {&keys->value.access_key_id, &keys->value.session_token}) {
    for (unsigned char c : *text) Expect(c > 0x20 && c < 0x7f);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const mbk::credentials::Keys::Time now{std::chrono::seconds(1795759200)};

  const auto file = mbk::credentials::ParseIni(text);
  Expect(file.ok() || file.status().code() == mbk::Code::kInvalidArgument);
  ExpectUsable(mbk::credentials::ParseKeys(text, {}, now), now);
  ExpectUsable(mbk::credentials::ParseKeys(text, {.within = "credential"}, now), now);
  ExpectUsable(mbk::credentials::ParseStsKeys(text, now), now);
  Expect(mbk::credentials::WordsOfRefusal(text).find('\n') == std::string::npos);
  const auto time = mbk::ParseTimestamp(text);
  Expect(time.ok() || time.status().code() == mbk::Code::kDataLoss);
  return 0;
}
