#include "cli/progress_view.h"

#include <fmt/core.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/call_context.h"
#include "cli/text.h"

namespace mbk::cli {
namespace {

using std::chrono::duration;
using std::chrono::steady_clock;

constexpr Milliseconds kBarInterval{100};
constexpr Milliseconds kJsonInterval{500};
constexpr Milliseconds kLineInterval{10'000};
constexpr int kBarCells = 24;

struct Rates {
  double fraction = 0;  ///< 0 … 1; -1 when nothing is known of the total
  double bytes_per_s = 0;
  double seconds_left = -1;
};

Rates RatesOf(const Progress::Snapshot& snapshot, steady_clock::time_point now) {
  Rates rates{.fraction = -1};
  const double elapsed = duration<double>(now - snapshot.step_started).count();
  if (snapshot.bytes_total > 0)
    rates.fraction = static_cast<double>(snapshot.bytes_done) / static_cast<double>(snapshot.bytes_total);
  else if (snapshot.objects_total > 0)
    rates.fraction = static_cast<double>(snapshot.objects_done) / static_cast<double>(snapshot.objects_total);
  rates.fraction = std::min(rates.fraction, 1.0);
  if (elapsed > 0.5) rates.bytes_per_s = static_cast<double>(snapshot.bytes_done) / elapsed;
  if (elapsed > 0.5 && rates.fraction > 0)
    rates.seconds_left = elapsed * (1 - rates.fraction) / rates.fraction;
  return rates;
}

std::string_view Noun(Step step) {
  switch (step) {
    case Step::kFlush:
    case Step::kDdl:
    case Step::kIndex:
    case Step::kLoad:
      return "collections";
    case Step::kStage:
    case Step::kImport:
      return "import jobs";
    case Step::kMigrate:
      return "percent";
    default:
      return "objects";
  }
}

std::string Numbers(const Progress::Snapshot& snapshot, const Rates& rates) {
  std::string text;
  if (snapshot.objects_total > 0)
    text += fmt::format("  {}/{} {}", HumanCount(snapshot.objects_done), HumanCount(snapshot.objects_total),
                        Noun(snapshot.step));
  if (snapshot.bytes_total > 0)
    text += fmt::format("  {}/{}", HumanBytes(snapshot.bytes_done), HumanBytes(snapshot.bytes_total));
  if (rates.bytes_per_s > 0)
    text += fmt::format("  {}/s", HumanBytes(static_cast<std::int64_t>(rates.bytes_per_s)));
  if (rates.seconds_left >= 0)
    text += fmt::format("  {} left",
                        HumanDuration(std::chrono::seconds(static_cast<long>(rates.seconds_left + 0.5))));
  return text;
}

int TerminalColumns() {
  winsize size{};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

void Print(const std::string& text) {
  std::fputs(text.c_str(), stderr);
  std::fflush(stderr);
}

void Show(const Progress& progress, ProgressMode mode) {
  const Progress::Snapshot snapshot = progress.Get();
  const auto now = steady_clock::now();
  if (mode == ProgressMode::kJson) return Print(JsonLine(snapshot, now) + "\n");
  if (mode == ProgressMode::kBar)
    return Print("\r" + BarText(snapshot, now, TerminalColumns() - 1) + "\x1b[K");
  Print(fmt::format("{}{}\n", StepName(snapshot.step), Numbers(snapshot, RatesOf(snapshot, now))));
}

Milliseconds IntervalOf(ProgressMode mode) {
  if (mode == ProgressMode::kBar) return kBarInterval;
  return mode == ProgressMode::kJson ? kJsonInterval : kLineInterval;
}

}  // namespace

std::string BarText(const Progress::Snapshot& snapshot, steady_clock::time_point now, int columns) {
  const Rates rates = RatesOf(snapshot, now);
  std::string text = fmt::format("{:<9}", StepName(snapshot.step));
  if (rates.fraction >= 0) {
    const int filled = static_cast<int>(rates.fraction * kBarCells);
    text += fmt::format("[{}{}] {:3}%", std::string(static_cast<std::size_t>(filled), '#'),
                        std::string(static_cast<std::size_t>(kBarCells - filled), '.'),
                        static_cast<int>(rates.fraction * 100));
  }
  text += Numbers(snapshot, rates);
  if (static_cast<int>(text.size()) > columns) text.resize(static_cast<std::size_t>(std::max(0, columns)));
  return text;
}

std::string JsonLine(const Progress::Snapshot& snapshot, steady_clock::time_point now) {
  const Rates rates = RatesOf(snapshot, now);
  nlohmann::ordered_json line{{"step", StepName(snapshot.step)},
                              {"objects_done", snapshot.objects_done},
                              {"objects_total", snapshot.objects_total},
                              {"bytes_done", snapshot.bytes_done},
                              {"bytes_total", snapshot.bytes_total},
                              {"bytes_per_second", static_cast<std::int64_t>(rates.bytes_per_s)}};
  if (rates.seconds_left >= 0) line["seconds_left"] = static_cast<std::int64_t>(rates.seconds_left + 0.5);
  return line.dump();
}

ProgressView::ProgressView(const Progress& progress, ProgressMode mode) {
  if (mode == ProgressMode::kNone) return;
  thread_ = std::jthread([&progress, mode](const std::stop_token& stop) {
    const CallContext context{.stop = stop};
    while (RealSleeper().Sleep(IntervalOf(mode), context).ok()) Show(progress, mode);
    // The last word: programs see the end, the terminal gets its line back.
    if (mode == ProgressMode::kJson) Show(progress, mode);
    if (mode == ProgressMode::kBar) Print("\r\x1b[K");
  });
}

ProgressView::~ProgressView() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

}  // namespace mbk::cli
