#include "store/credentials/small_file.h"

#include <fmt/core.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "store/http_store.h"

namespace mbk::credentials {
namespace {

constexpr std::size_t kMostBytes = 1 << 20;

}  // namespace

Result<std::string> ReadSmallFile(const std::string& path) {
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rbe"), &std::fclose);
  if (!file) return InvalidArgument(fmt::format("{}: {}", OneLine(path), std::strerror(errno)));
  std::string text(kMostBytes + 1, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), file.get()));
  if (std::ferror(file.get()) != 0) return InvalidArgument(fmt::format("{}: cannot be read", OneLine(path)));
  if (text.size() > kMostBytes) return InvalidArgument(fmt::format("{}: larger than 1 MiB", OneLine(path)));
  return text;
}

}  // namespace mbk::credentials
