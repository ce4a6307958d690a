#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <string_view>

#include "config/config.h"

/// Loading configurations in tests, without the files and the environment of the machine.
namespace mbk::config {

/// An environment that holds just these variables.
inline EnvLookup Env(std::map<std::string, std::string> variables) {
  return [variables = std::move(variables)](const std::string& name) -> std::optional<std::string> {
    const auto place = variables.find(name);
    if (place == variables.end()) return std::nullopt;
    return place->second;
  };
}

/// A v2 file of that content, which begins in its line 2.
inline std::string V2(std::string_view content) { return "configVersion: v2\n" + std::string(content); }

/// What differs from loading an unnamed text without overrides and variables.
struct Given {
  std::string file = "test.yaml";  ///< empty: Load without a file
  std::vector<std::string> overrides;
  EnvLookup env = Env({});
  Role role = Role::kConfig;
};

inline Result<Loaded> TryLoad(std::string_view text, const Given& given = {}) {
  const LoadOptions options{
      .file = given.file, .overrides = given.overrides, .env = given.env, .role = given.role};
  return given.file.empty() ? Load(options) : LoadText(text, options);
}

/// The loaded configuration; a failure of the test and an empty one if it does not load.
inline Loaded MustLoad(std::string_view text, const Given& given = {}) {
  auto loaded = TryLoad(text, given);
  EXPECT_TRUE(loaded.ok()) << loaded.status().message();
  return loaded.ok() ? *std::move(loaded) : Loaded{};
}

/// The message of the error; a failure of the test if it loads.
inline std::string MustFail(std::string_view text, const Given& given = {}) {
  const auto loaded = TryLoad(text, given);
  EXPECT_FALSE(loaded.ok()) << "loaded: " << text;
  EXPECT_TRUE(loaded.ok() || loaded.status().code() == Code::kInvalidArgument);
  return loaded.status().message();
}

inline Parameter ParameterOf(const Loaded& loaded, std::string_view path) {
  for (const Parameter& parameter : loaded.parameters) {
    if (parameter.path == path) return parameter;
  }
  ADD_FAILURE() << "no parameter " << path;
  return {};
}

}  // namespace mbk::config
