#include "service/state_directory.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <optional>
#include <string>

namespace mbk::service {
namespace {

/// Sets a variable of the environment for a scope.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) {
    if (const char* old = std::getenv(name)) old_ = old;
    value != nullptr ? ::setenv(name, value, 1) : ::unsetenv(name);
  }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;
  ~Variable() { old_ ? ::setenv(name_, old_->c_str(), 1) : ::unsetenv(name_); }

 private:
  const char* name_;
  std::optional<std::string> old_;
};

TEST(StateDirectory, IsWhereTheXdgSpecificationPutsIt) {
  const Variable home("HOME", "/home/u");
  {
    const Variable state("XDG_STATE_HOME", "/var/state");
    EXPECT_EQ(StateDirectory(), "/var/state/milvus-backup/runs");
  }
  for (const char* none : {static_cast<const char*>(nullptr), "", "relative"}) {
    const Variable state("XDG_STATE_HOME", none);
    EXPECT_EQ(StateDirectory(), "/home/u/.local/state/milvus-backup/runs");
  }
}

TEST(StateDirectory, IsNowhereWithoutAHome) {
  const Variable home("HOME", nullptr);
  const Variable state("XDG_STATE_HOME", nullptr);
  EXPECT_EQ(StateDirectory(), "");
}

}  // namespace
}  // namespace mbk::service
