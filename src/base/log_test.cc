#include "base/log.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>

namespace mbk::log {
namespace {

namespace fs = std::filesystem;

class LogFile : public testing::Test {
 protected:
  LogFile() : directory_(fs::temp_directory_path() / ("mbk-log-test-" + std::to_string(::getpid()))) {
    fs::remove_all(directory_);
    fs::create_directory(directory_);
  }
  ~LogFile() override {
    EXPECT_EQ(Init({}), Status());
    fs::remove_all(directory_);
  }

  void WrittenDaysAgo(const char* name, int days) {
    std::ofstream(directory_ / name) << "x";
    fs::last_write_time(directory_ / name, fs::file_time_type::clock::now() - std::chrono::hours(24) * days);
  }
  bool Exists(const char* name) const { return fs::exists(directory_ / name); }
  Options KeptFor(int days) const {
    return {.level = Level::kOff, .file_path = (directory_ / "backup.log").string(), .max_days = days};
  }

 private:
  fs::path directory_;
};

TEST_F(LogFile, RotatedFilesAreRemovedWhenTheyAreOlderThanMaxDays) {
  WrittenDaysAgo("backup.log", 30);
  WrittenDaysAgo("backup.1.log", 6);
  WrittenDaysAgo("backup.2.log", 8);
  WrittenDaysAgo("backup.old.log", 30);
  WrittenDaysAgo("other.1.log", 30);
  ASSERT_EQ(Init(KeptFor(7)), Status());
  EXPECT_TRUE(Exists("backup.log"));
  EXPECT_TRUE(Exists("backup.1.log"));
  EXPECT_FALSE(Exists("backup.2.log"));
  EXPECT_TRUE(Exists("backup.old.log")) << "not a name that rotation gives";
  EXPECT_TRUE(Exists("other.1.log"));
}

TEST_F(LogFile, RotatedFilesStayForeverWithoutMaxDays) {
  WrittenDaysAgo("backup.1.log", 4'000);
  ASSERT_EQ(Init(KeptFor(0)), Status());
  EXPECT_TRUE(Exists("backup.1.log"));
}

TEST_F(LogFile, SoManyDaysThatNoClockCountsThemRemoveNothing) {
  WrittenDaysAgo("backup.1.log", 4'000);
  ASSERT_EQ(Init(KeptFor(2'147'483'647)), Status());
  EXPECT_TRUE(Exists("backup.1.log"));
}

}  // namespace
}  // namespace mbk::log
