#include "base/log.h"

#include <fcntl.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <filesystem>
#include <memory>
#include <system_error>
#include <vector>

namespace mbk::log {
namespace {

// The Go tool's text form, so that log shippers keep parsing: [time] [LEVEL] [message].
constexpr const char* kPattern = "[%Y/%m/%d %H:%M:%S.%e %z] [%l] %v";

spdlog::level::level_enum ToSpdlog(Level level) {
  switch (level) {
    case Level::kDebug:
      return spdlog::level::debug;
    case Level::kInfo:
      return spdlog::level::info;
    case Level::kWarn:
      return spdlog::level::warn;
    case Level::kError:
      return spdlog::level::err;
    case Level::kOff:
      return spdlog::level::off;
  }
  return spdlog::level::info;
}

std::shared_ptr<spdlog::logger> MakeLogger(std::vector<spdlog::sink_ptr> sinks, Level level) {
  auto logger = std::make_shared<spdlog::logger>("mbk", sinks.begin(), sinks.end());
  logger->set_level(ToSpdlog(level));
  logger->flush_on(spdlog::level::warn);
  return logger;
}

// Replaced once by Init, before other threads run, and read by all of them afterwards.
std::shared_ptr<spdlog::logger>& Logger() {
  static std::shared_ptr<spdlog::logger> logger = [] {
    auto console = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    console->set_pattern(kPattern);
    return MakeLogger({console}, Level::kWarn);
  }();
  return logger;
}

// The log may name buckets and collections: the owner reads it, nobody else.
Status CreateOwnerOnly(const std::filesystem::path& path) {
  std::error_code error;
  if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path(), error);
  if (error) return InvalidArgument(fmt::format("log.file.path {}: {}", path.string(), error.message()));
  if (std::filesystem::is_directory(path, error)) {
    return InvalidArgument(
        fmt::format("log.file.path {} is a directory, it must name a file", path.string()));
  }
  int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (fd < 0) {
    return InvalidArgument(
        fmt::format("log.file.path {}: {}", path.string(), std::generic_category().message(errno)));
  }
  ::close(fd);
  return {};
}

}  // namespace

Status Init(const Options& options) {
  std::vector<spdlog::sink_ptr> sinks;
  if (options.console) {
    sinks.push_back(std::make_shared<spdlog::sinks::stderr_sink_mt>());
    sinks.back()->set_level(ToSpdlog(options.console_level));
    sinks.back()->set_pattern(options.console_prefix + kPattern);
  }
  if (!options.file_path.empty()) {
    MBK_TRY(CreateOwnerOnly(options.file_path));
    constexpr int kDefaultKeptFiles = 10;
    constexpr int kMostKeptFiles = 1000;
    try {
      sinks.push_back(std::make_shared<spdlog::sinks::rotating_file_sink_mt>(
          options.file_path, static_cast<std::size_t>(std::max(1, options.max_size_mib)) << 20,
          options.max_files > 0 ? std::min(options.max_files, kMostKeptFiles) : kDefaultKeptFiles));
    } catch (const spdlog::spdlog_ex& error) {
      return InvalidArgument(fmt::format("log.file.path {}: {}", options.file_path, error.what()));
    }
    sinks.back()->set_pattern(kPattern);
  }
  Logger() = MakeLogger(std::move(sinks), options.level);
  return {};
}

Result<Level> ParseLevel(std::string_view name) {
  std::string lower(name);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  if (lower == "debug") return Level::kDebug;
  if (lower == "info") return Level::kInfo;
  if (lower == "warn" || lower == "warning") return Level::kWarn;
  if (lower == "error" || lower == "dpanic" || lower == "panic" || lower == "fatal") return Level::kError;
  return InvalidArgument(fmt::format("log.level \"{}\": want debug, info, warn or error", name));
}

bool Enabled(Level level) { return Logger()->should_log(ToSpdlog(level)); }

void Write(Level level, std::string_view message) { Logger()->log(ToSpdlog(level), message); }

}  // namespace mbk::log
