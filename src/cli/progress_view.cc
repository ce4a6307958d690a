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
using std::chrono::duration_cast;
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

double Share(std::int64_t part, std::int64_t whole) {
  return static_cast<double>(part) / static_cast<double>(whole);
}

// What is counted while Milvus imports is jobs; their number outlasts the step in which they are begun.
bool CountsJobs(const Progress::Snapshot& snapshot) {
  return snapshot.step == Step::kImport && snapshot.jobs_total > 0 && !snapshot.objects_are_rows;
}

std::int64_t ObjectsDone(const Progress::Snapshot& snapshot) {
  return CountsJobs(snapshot) ? snapshot.jobs_done : snapshot.objects_done;
}

std::int64_t ObjectsTotal(const Progress::Snapshot& snapshot) {
  return CountsJobs(snapshot) ? snapshot.jobs_total : snapshot.objects_total;
}

// What takes time is the number of objects, however large they are.
bool GoesByObjects(const Progress::Snapshot& snapshot) {
  return snapshot.bytes_total == 0 || snapshot.objects_are_rows ||
         (snapshot.step == Step::kRemove && snapshot.objects_total > 0);
}

// Where the server calls all of it done, and is still waited for: nothing tells how long.
constexpr double kAlmost = 0.99;

// By objects that are done, or by what the server says of those under way, whichever is further.
double FractionOf(const Progress::Snapshot& snapshot) {
  if (!GoesByObjects(snapshot)) return std::min(1.0, Share(snapshot.bytes_done, snapshot.bytes_total));
  const std::int64_t total = ObjectsTotal(snapshot);
  if (total == 0) return -1;
  const std::int64_t percent = CountsJobs(snapshot) ? snapshot.jobs_percent_sum : snapshot.percent_sum;
  const double by_count = Share(ObjectsDone(snapshot), total);
  if (by_count >= 1) return 1;
  return std::max(by_count, std::min(kAlmost, Share(percent, total * 100)));
}

Rates RatesOf(const Progress::Snapshot& snapshot, steady_clock::time_point now) {
  Rates rates{.fraction = FractionOf(snapshot)};
  const double elapsed = duration<double>(now - snapshot.step_started).count();
  const bool moves_bytes = snapshot.step != Step::kRemove;
  if (elapsed > 0.5 && moves_bytes) rates.bytes_per_s = static_cast<double>(snapshot.bytes_done) / elapsed;
  const bool is_counted_out = rates.fraction == kAlmost && snapshot.bytes_total == 0;
  if (elapsed > 0.5 && rates.fraction > 0 && !is_counted_out)
    rates.seconds_left = elapsed * (1 - rates.fraction) / rates.fraction;
  return rates;
}

std::string_view Noun(const Progress::Snapshot& snapshot) {
  if (snapshot.objects_are_rows) return "rows";
  switch (snapshot.step) {
    case Step::kFlush:
    case Step::kDdl:
    case Step::kIndex:
    case Step::kLoad:
      return "collections";
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
  // More than was expected is no total: segments that were rewritten, objects that were planned anew.
  const std::int64_t done = ObjectsDone(snapshot), total = std::max(done, ObjectsTotal(snapshot));
  if (ObjectsTotal(snapshot) > 0)
    text += fmt::format("  {}/{} {}", HumanCount(done), HumanCount(total), Noun(snapshot));
  if (snapshot.bytes_total > 0)
    text += fmt::format("  {}/{}", HumanBytes(snapshot.bytes_done), HumanBytes(snapshot.bytes_total));
  if (rates.bytes_per_s > 0)
    text += fmt::format("  {}/s", HumanBytes(static_cast<std::int64_t>(rates.bytes_per_s)));
  if (rates.seconds_left >= 0)
    text += fmt::format("  {} left",
                        HumanDuration(std::chrono::seconds(static_cast<long>(rates.seconds_left + 0.5))));
  if (snapshot.step == Step::kStage && snapshot.jobs_done > 0)
    text +=
        fmt::format("  {}/{} import jobs", HumanCount(snapshot.jobs_done), HumanCount(snapshot.jobs_total));
  return text;
}

// How long the run has taken.
std::string Elapsed(const Progress::Snapshot& snapshot, steady_clock::time_point now) {
  return "  " + HumanDuration(std::chrono::duration_cast<std::chrono::seconds>(now - snapshot.run_started));
}

int TerminalColumns() {
  winsize size{};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

// Whether stderr took it.
bool Print(const std::string& text) {
  const bool written = std::fputs(text.c_str(), stderr) >= 0;
  return std::fflush(stderr) == 0 && written;
}

bool Show(const Progress& progress, ProgressMode mode) {
  const Progress::Snapshot snapshot = progress.Get();
  const auto now = steady_clock::now();
  if (mode == ProgressMode::kJson) return Print(JsonLine(snapshot, now) + "\n");
  if (mode == ProgressMode::kBar)
    return Print("\r" + BarText(snapshot, now, TerminalColumns() - 1) + "\x1b[K");
  const Rates rates = RatesOf(snapshot, now);
  const std::string percent =
      rates.fraction < 0 ? "" : fmt::format("  {}%", static_cast<int>(rates.fraction * 100));
  return Print(fmt::format("{}{}{}{}\n", StepName(snapshot.step), percent, Numbers(snapshot, rates),
                           Elapsed(snapshot, now)));
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
  text += Numbers(snapshot, rates) + Elapsed(snapshot, now);
  if (static_cast<int>(text.size()) > columns) text.resize(static_cast<std::size_t>(std::max(0, columns)));
  return text;
}

std::string JsonLine(const Progress::Snapshot& snapshot, steady_clock::time_point now) {
  const Rates rates = RatesOf(snapshot, now);
  nlohmann::ordered_json line{
      {"step", StepName(snapshot.step)},
      {"objects_done", ObjectsDone(snapshot)},
      {"objects_total", ObjectsTotal(snapshot)},
      {"bytes_done", snapshot.bytes_done},
      {"bytes_total", snapshot.bytes_total},
      {"bytes_per_second", static_cast<std::int64_t>(rates.bytes_per_s)},
      {"elapsed_seconds", duration_cast<std::chrono::seconds>(now - snapshot.run_started).count()}};
  if (snapshot.jobs_total > 0) {
    line["jobs_done"] = snapshot.jobs_done;
    line["jobs_total"] = snapshot.jobs_total;
  }
  if (rates.fraction >= 0) line["percent"] = static_cast<int>(rates.fraction * 100);
  if (rates.seconds_left >= 0) line["seconds_left"] = static_cast<std::int64_t>(rates.seconds_left + 0.5);
  return line.dump();
}

ProgressView::ProgressView(const Progress& progress, ProgressMode mode) {
  if (mode == ProgressMode::kNone) return;
  thread_ = std::jthread([this, &progress, mode](const std::stop_token& stop) {
    const CallContext context{.stop = stop};
    const bool for_program = mode == ProgressMode::kJson;
    while (RealSleeper().Sleep(IntervalOf(mode), context).ok()) {
      if (!Show(progress, mode) && for_program) lost_ = true;
    }
    // The last word: programs see the end, the terminal gets its line back.
    if (for_program && !Show(progress, mode)) lost_ = true;
    if (mode == ProgressMode::kBar) Print("\r\x1b[K");
  });
}

bool ProgressView::End() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
  return lost_;
}

}  // namespace mbk::cli
