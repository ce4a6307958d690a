#include "cli/man_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "cli/command_line.h"

namespace mbk::cli {
namespace {

using ::testing::HasSubstr;

TEST(ManPage, InDocsIsUpToDate) {
  const CommandLine line;
  std::ifstream file("docs/milvus-backup.1");
  std::ostringstream checked_in;
  checked_in << file.rdbuf();
  EXPECT_EQ(checked_in.str(), ManPage(DescribeTree(line.app))) << "renew it: make man";
}

TEST(ManPage, EscapesWhatRoffWouldTakeForItsOwn) {
  const std::vector<CommandFacts> tree{{.description = "d", .footer = ".so /etc/passwd\n'br\nC:\\x"}};
  const std::string page = ManPage(tree);
  EXPECT_THAT(page, HasSubstr("\n\\&.so /etc/passwd\n"));
  EXPECT_THAT(page, HasSubstr("\n\\&'br\n"));
  EXPECT_THAT(page, HasSubstr("\nC:\\ex\n"));
}

}  // namespace
}  // namespace mbk::cli
