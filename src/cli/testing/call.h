#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "cli/app.h"

namespace mbk::cli {

struct Said {
  int exit_code = 0;
  std::string out, err;
};

/// The program with these arguments, inside the test process.
inline Said Call(std::vector<std::string> arguments) {
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  Said said{.exit_code = Main(std::move(arguments))};
  said.out = testing::internal::GetCapturedStdout();
  said.err = testing::internal::GetCapturedStderr();
  return said;
}

}  // namespace mbk::cli
