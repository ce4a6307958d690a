#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "store/object_store.h"

/// One suite that every ObjectStore has to pass. A store joins by an entry in conformance_test.cc;
/// whatever it does differently stands in its StoreTraits or StoreCapabilities and nowhere else.
namespace mbk::conformance {

/// What becomes of "a/b" when there is an object "a".
enum class BesideDirectory {
  kKept,      ///< both are objects
  kRefused,   ///< Put fails, and would fail again
  kUnlisted,  ///< Put succeeds and Get finds it, but no listing shows it
};

struct StoreTraits {
  /// Put, Head and List say the MD5 of a single-part object.
  bool vouches_md5 = true;
  /// CompleteUpload, too, says the MD5 of what it wrote.
  bool vouches_md5_of_uploads = false;
  /// Head and List say the MD5 of an object that came in parts.
  bool knows_md5_of_uploads = false;
  BesideDirectory beside_directory = BesideDirectory::kKept;
  /// An empty object "a/" can be made, as some tools do for a directory.
  bool keeps_directory_markers = true;
  /// False where the service takes '\' in a key for '/'.
  bool keeps_backslashes = true;
  /// Whether UploadPartCopy can be tried: an emulator may lack what the service has.
  bool copies_parts = true;
  /// A body is held against the hash that its signature covers.
  bool server_compares_hashes = true;
  /// CopySource::if_match is obeyed.
  bool compares_versions_of_sources = true;
  /// PutRequest::if_match is obeyed. Where the capability claims what a server passes over, users find out.
  bool replaces_by_etag = true;
  /// And the version is compared and replaced in one step, so that one of many at once succeeds. What the
  /// lock does where it is not: it is read again before each step that commits or removes
  /// (repository/lock_session.h).
  bool replaces_in_one_step = true;
  /// DeleteIfMatch's etag is obeyed; likewise.
  bool deletes_by_etag = true;
  /// And an object that is gone stays gone.
  bool replaces_only_what_is_there = true;
  /// More than the 1,000 of a page; fewer where a server takes long to put them.
  int many_keys = 1'100;
  /// UploadPart fails once its upload was aborted.
  bool refuses_parts_of_aborted_uploads = true;
};

/// Two buckets of one service, each empty or holding only what earlier tests left below other prefixes.
struct StorePair {
  std::shared_ptr<ObjectStore> store;
  std::shared_ptr<ObjectStore> other;
};

struct StoreUnderTest {
  std::string name;
  /// The environment variable that names the server; empty for a store that needs none. When it is not
  /// set the tests are skipped, or fail if MBK_REQUIRE_SERVERS is 1.
  std::string server_variable;
  std::function<Result<StorePair>()> open;
  StoreTraits traits;
};

inline void PrintTo(const StoreUnderTest& store, std::ostream* out) { *out << store.name; }

/// What all pages of a listing held, without the prefix of the test.
struct Listing {
  std::vector<std::string> keys;
  std::vector<std::string> common_prefixes;
  int pages = 0;
};

/// Each test works below a prefix of its own and removes it at its end.
class StoreConformance : public testing::TestWithParam<StoreUnderTest> {
 protected:
  void SetUp() override;
  void TearDown() override;

  ObjectStore& store() { return *stores_.store; }
  ObjectStore& other() { return *stores_.other; }
  const StoreTraits& traits() const { return GetParam().traits; }
  bool CopiesParts() { return store().capabilities().multipart_copy && traits().copies_parts; }

  /// A name below the prefix of this test.
  ObjectKey Key(std::string_view name) const { return ObjectKey(prefix_ + std::string(name)); }
  const std::string& prefix() const { return prefix_; }

  /// These expect success, and return what the store said.
  WriteResult Put(const ObjectKey& key, std::string_view body);
  std::string Read(const ObjectKey& key, ByteRange range = {});
  ObjectInfo Head(const ObjectKey& key);
  CopySource Source(const ObjectKey& key, std::string if_match = "");
  /// Put an object of one byte under each key or name, several at a time.
  void PutAll(const std::vector<ObjectKey>& keys);
  void PutNames(const std::vector<std::string>& names);
  /// List what begins with the name `below`, page by page.
  Listing List(std::string_view below, std::string_view delimiter = "", int max_keys = 1'000);
  /// Every name below the prefix of this test, in the order of the listing.
  std::vector<std::string> ListNames() { return List("").keys; }
  bool Exists(const ObjectKey& key);

  const CallContext context_;

 private:
  StorePair stores_;
  std::string prefix_;
};

/// `size` bytes without a pattern that a misplaced part or range could hide in.
std::string Content(std::size_t size, unsigned seed = 1);

}  // namespace mbk::conformance
