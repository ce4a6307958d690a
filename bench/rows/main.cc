#include <fmt/core.h>

#include <cstdlib>
#include <cstring>
#include <span>

#include "commands.h"

/// Makes the data of the benchmark of rows, and is the contender that decodes. Called by bench/*.py.
namespace {

using mbk::Status;

constexpr const char* kUsage = R"(bench-rows files DIRECTORY
bench-rows decode DIRECTORY KIND THREADS ROWS [fingerprint]
bench-rows backup ROOT NAME SEGMENTS ROWS_OF_A_SEGMENT ROWS_OF_A_LOG DIMENSION
)";

Status Run(std::span<char*> args) {
  const auto is = [&](const char* command, std::size_t count) {
    return args.size() >= count && std::strcmp(args[1], command) == 0;
  };
  const auto number = [&](std::size_t i) { return std::strtoll(args[i], nullptr, 10); };
  if (is("files", 3)) return mbk::bench::MakeFiles(args[2]);
  if (is("decode", 6))
    return mbk::bench::Decode({.directory = args[2],
                               .kind = args[3],
                               .threads = static_cast<int>(number(4)),
                               .rows = number(5),
                               .fingerprint = args.size() > 6 && std::strcmp(args[6], "fingerprint") == 0});
  if (is("backup", 8))
    return mbk::bench::MakeBackup(
        args[2], args[3],
        {.segments = number(4), .segment_rows = number(5), .log_rows = number(6), .dimension = number(7)});
  return mbk::InvalidArgument(kUsage);
}

}  // namespace

int main(int argc, char** argv) {
  const Status status = Run({argv, static_cast<std::size_t>(argc)});
  if (status.ok()) return 0;
  fmt::print(stderr, "{}\n", status.message());
  return 1;
}
