#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

#include "manifest/manifest.h"

/// What the tests of this directory share.
namespace mbk::manifest {

/// A file of tests/compat; tests run in the root of the checkout.
inline std::string ReadGolden(const std::string& path) {
  std::ifstream file("tests/compat/" + path, std::ios::binary);
  EXPECT_TRUE(file.is_open()) << path;
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

template <class Write>
std::string Written(Write write, const Backup& backup) {
  std::string text;
  Status status = write(backup, [&text](std::string_view piece) {
    text += piece;
    return Status();
  });
  EXPECT_TRUE(status.ok()) << status.message();
  return text;
}

inline Result<Backup> ReadFull(const std::string& text) {
  std::istringstream stream(text);
  return ReadFullMeta(stream);
}

struct LevelTexts {
  std::string backup;
  std::string collection;
  std::string partition;
  std::string segment;
};

inline Result<Backup> ReadLevels(const LevelTexts& texts) {
  std::istringstream backup(texts.backup);
  std::istringstream collection(texts.collection);
  std::istringstream partition(texts.partition);
  std::istringstream segment(texts.segment);
  return ReadLevelFiles(
      {.backup = backup, .collection = collection, .partition = partition, .segment = segment});
}

inline LevelTexts WrittenLevels(const Backup& backup) {
  return {.backup = Written(WriteBackupMeta, backup),
          .collection = Written(WriteCollectionMeta, backup),
          .partition = Written(WritePartitionMeta, backup),
          .segment = Written(WriteSegmentMeta, backup)};
}

}  // namespace mbk::manifest
