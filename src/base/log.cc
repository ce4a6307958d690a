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
#include <chrono>
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
  if (error) return InvalidArgument(fmt::format("{}: {}", path.string(), error.message()));
  if (std::filesystem::is_directory(path, error)) {
    return InvalidArgument(fmt::format("{} is a directory, it must name a file", path.string()));
  }
  int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (fd < 0) {
    return InvalidArgument(fmt::format("{}: {}", path.string(), std::generic_category().message(errno)));
  }
  ::close(fd);
  return {};
}

constexpr int kDefaultKeptFiles = 10;
constexpr int kMostKeptFiles = 1000;
constexpr int kMostDays = 36'500;  // what a file's clock can count in nanoseconds

// Rotated files carry the sink's own names and no others are looked at. What cannot be removed stays: a log
// does not stop what is logged.
void RemoveRotatedBefore(const std::filesystem::file_time_type& oldest, const std::string& file_path) {
  for (int i = 1; i <= kMostKeptFiles; ++i) {
    const std::filesystem::path rotated =
        spdlog::sinks::rotating_file_sink_mt::calc_filename(file_path, static_cast<std::size_t>(i));
    std::error_code error;
    if (!std::filesystem::is_regular_file(std::filesystem::symlink_status(rotated, error))) continue;
    const auto written = std::filesystem::last_write_time(rotated, error);
    if (!error && written < oldest) std::filesystem::remove(rotated, error);
  }
}

}  // namespace

Status Init(const Options& options) {
  std::vector<spdlog::sink_ptr> sinks{std::make_shared<spdlog::sinks::stderr_sink_mt>()};
  sinks.back()->set_level(spdlog::level::warn);
  sinks.back()->set_pattern(options.console_prefix + kPattern);
  if (!options.file_path.empty()) {
    MBK_TRY(CreateOwnerOnly(options.file_path));
    if (options.max_days > 0) {
      const auto now = std::filesystem::file_time_type::clock::now();
      RemoveRotatedBefore(now - std::chrono::hours(24) * std::min(options.max_days, kMostDays),
                          options.file_path);
    }
    try {
      sinks.push_back(std::make_shared<spdlog::sinks::rotating_file_sink_mt>(
          options.file_path, static_cast<std::size_t>(std::max(1, options.max_size_mib)) << 20,
          options.max_files > 0 ? std::min(options.max_files, kMostKeptFiles) : kDefaultKeptFiles));
    } catch (const spdlog::spdlog_ex& error) {
      return InvalidArgument(fmt::format("{}: {}", options.file_path, error.what()));
    }
    sinks.back()->set_level(ToSpdlog(options.level));
    sinks.back()->set_pattern(kPattern);
  }
  const bool off = options.level == Level::kOff;
  Logger() = MakeLogger(std::move(sinks), off ? Level::kOff : std::min(options.level, Level::kWarn));
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
