// Fuzz target: any text as a configuration file. It must load or be refused, within bounded time and memory.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "config/config.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto no_environment = [](const std::string&) -> std::optional<std::string> { return std::nullopt; };
  const auto loaded = mbk::config::LoadText(text, {.file = "fuzz.yaml", .env = no_environment});
  if (loaded.ok()) {
    if (mbk::config::FormatTable(loaded->parameters).empty()) std::abort();
  } else if (loaded.status().code() != mbk::Code::kInvalidArgument) {
    std::abort();
  }
  return 0;
}
