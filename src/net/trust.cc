#include "net/trust.h"

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace mbk {
namespace {

constexpr std::uintmax_t kMostBytes = 16 << 20;
constexpr std::string_view kBegin = "-----BEGIN CERTIFICATE-----", kEnd = "-----END CERTIFICATE-----";

// The certificates of files, each once: a directory has them under a second name, that of their hash.
class Certificates {
 public:
  // Whether there is any in the file.
  bool AddFile(const std::string& path) {
    const std::string text = Read(path);
    bool any = false;
    for (std::size_t begin = text.find(kBegin); begin != std::string::npos;
         begin = text.find(kBegin, begin)) {
      const std::size_t end = text.find(kEnd, begin);
      if (end == std::string::npos) break;
      any = true;
      std::string block = text.substr(begin, end + kEnd.size() - begin) + "\n";
      begin = end;
      if (known_.insert(block).second) pem_ += block;
    }
    return any;
  }
  std::string TakePem() { return std::move(pem_); }

 private:
  static std::string Read(const std::string& path) {
    std::error_code failed;
    const std::uintmax_t size = std::filesystem::file_size(path, failed);
    std::ifstream file(path, std::ios::binary);
    if (failed || !file || size > kMostBytes) return "";
    std::string text(static_cast<std::size_t>(size), '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(file.gcount()));
    return text;
  }

  std::set<std::string> known_;
  std::string pem_;
};

void AddDirectory(const std::string& path, Certificates& certificates) {
  std::error_code failed;
  std::vector<std::string> files;
  for (std::filesystem::directory_iterator it(path, failed), end; !failed && it != end; it.increment(failed))
    files.push_back(it->path().string());
  std::sort(files.begin(), files.end());
  for (const std::string& file : files) certificates.AddFile(file);
}

void AddDirectories(std::string_view list, Certificates& certificates) {
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(':'), list.size());
    if (end > 0) AddDirectory(std::string(list.substr(0, end)), certificates);
    list.remove_prefix(std::min(end + 1, list.size()));
  }
}

}  // namespace

Result<std::optional<std::string>> TrustOfEnvironment(const ReadVariable& variable) {
  const std::optional<std::string> file = variable("SSL_CERT_FILE"), directories = variable("SSL_CERT_DIR");
  const bool has_file = file && !file->empty(), has_directories = directories && !directories->empty();
  if (!has_file && !has_directories) return std::optional<std::string>();
  Certificates certificates;
  if (has_file && !certificates.AddFile(*file))
    return InvalidArgument(
        fmt::format("SSL_CERT_FILE of the environment names {}, where no certificate can be read", *file));
  if (has_directories) AddDirectories(*directories, certificates);
  std::string trusted = certificates.TakePem();
  if (trusted.empty())
    return InvalidArgument(fmt::format(
        "SSL_CERT_DIR of the environment names {}, where no certificate can be read", *directories));
  return std::optional(std::move(trusted));
}

}  // namespace mbk
