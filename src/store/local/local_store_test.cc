#include "store/local/local_store.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "base/parallel.h"
#include "store/local/tree.h"
#include "store/memory/memory_store.h"
#include "store/testing/temp_directory.h"

namespace mbk {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class LocalStoreTest : public testing::Test {
 protected:
  std::string Path(const std::string& name) const { return directory_.path() + "/" + name; }
  void WriteFile(const std::string& name, const std::string& content) const {
    fs::create_directories(fs::path(Path(name)).parent_path());
    std::ofstream(Path(name)) << content;
  }
  std::string ReadFile(const std::string& name) const {
    std::ostringstream content;
    content << std::ifstream(Path(name)).rdbuf();
    return content.str();
  }
  /// Every name in the directory, hidden ones too.
  std::set<std::string> Files() const {
    std::set<std::string> files;
    for (const auto& entry : fs::recursive_directory_iterator(directory_.path())) {
      files.insert(fs::relative(entry.path(), directory_.path()).string());
    }
    return files;
  }
  Status Put(ObjectStore& store, const std::string& key, std::string_view body = "x") {
    return store.Put({.key = ObjectKey(key), .body = body}, {}).status();
  }
  Status Delete(ObjectStore& store, const std::string& key) {
    const std::vector<ObjectKey> keys = {ObjectKey(key)};
    return store.Delete(keys, {});
  }
  std::vector<std::string> List(ObjectStore& store, const std::string& prefix) {
    std::vector<std::string> keys;
    EXPECT_EQ(ForEachObject(store, prefix, {},
                            [&](const ObjectInfo& object) {
                              keys.push_back(object.key.str());
                              return Status();
                            }),
              Status());
    return keys;
  }

  TempDirectory directory_;
  std::unique_ptr<ObjectStore> store_ = MakeLocalStore({.base_directory = directory_.path()});
};

TEST_F(LocalStoreTest, ReadsToWhereItsCallerWantsTheBytes) {
  WriteFile("a", "0123456789");
  auto store = MakeLocalStore({.base_directory = directory_.path()});
  std::string memory(8, '.');
  std::size_t taken = 0;
  auto take = [&](std::string_view bytes) {
    EXPECT_EQ(bytes.data(), memory.data() + taken);
    taken += bytes.size();
    return Status();
  };
  auto three_at_a_time = [&] { return std::span<char>(memory).subspan(taken, 3); };
  GetRequest request{.key = ObjectKey("a"), .range = {2, 5}, .room = three_at_a_time};
  ASSERT_TRUE(store->Get(request, take, {}).ok());
  EXPECT_EQ(memory, "23456...");
  request.room = [] { return std::span<char>(); };
  std::string copied;
  ASSERT_TRUE(store
                  ->Get(request,
                        [&](std::string_view bytes) {
                          copied += bytes;
                          return Status();
                        },
                        {})
                  .ok());
  EXPECT_EQ(copied, "23456") << "without room it reads into memory of its own";
}

TEST_F(LocalStoreTest, KeysAreFilesBelowTheBase) {
  EXPECT_EQ(Put(*store_, "a/b", "content"), Status());
  EXPECT_EQ(ReadFile("a/b"), "content");
  WriteFile("c/d", "by hand");
  EXPECT_EQ(ReadObject(*store_, ObjectKey("c/d"), 100, {}).value(), "by hand");
  EXPECT_EQ(Files(), (std::set<std::string>{"a", "a/b", "c", "c/d"}));
}

TEST_F(LocalStoreTest, WithoutABaseKeysArePaths) {
  auto store = MakeLocalStore({});
  EXPECT_EQ(Put(*store, Path("a/b"), "content"), Status());
  EXPECT_EQ(ReadFile("a/b"), "content");
  EXPECT_THAT(List(*store, Path("a")), ElementsAre(Path("a/b")));
  EXPECT_THAT(List(*store, directory_.path() + "//a/"), ElementsAre(directory_.path() + "//a/b"));
}

TEST_F(LocalStoreTest, AFileAsPrefixListsThatFile) {
  WriteFile("a/b", "x");
  EXPECT_THAT(List(*store_, "a/b"), ElementsAre("a/b"));
}

TEST_F(LocalStoreTest, HostileKeysAreRefused) {
  for (const std::string& key :
       {std::string(".."), std::string("../x"), std::string("a/../x"), std::string("a/.."),
        std::string("/etc/x"), std::string("a//b"), std::string("./a"), std::string("a/."), std::string("a/"),
        std::string(), std::string("a\0b", 3), std::string(".mbk-x"), std::string("a/.mbk-tmp-1/b")}) {
    EXPECT_EQ(Put(*store_, key).code(), Code::kInvalidArgument) << key;
    EXPECT_EQ(store_->Head(ObjectKey(key), {}).status().code(), Code::kInvalidArgument) << key;
    EXPECT_EQ(Delete(*store_, key).code(), Code::kInvalidArgument) << key;
  }
  EXPECT_EQ(store_->List({.prefix = "../"}, {}).status().code(), Code::kInvalidArgument);
  EXPECT_EQ(Put(*MakeLocalStore({}), Path("a/../b")).code(), Code::kInvalidArgument);
  EXPECT_THAT(Files(), IsEmpty());
}

TEST_F(LocalStoreTest, SymbolicLinksDoNotLeadOutOfTheBase) {
  TempDirectory outside;
  std::ofstream(outside.path() + "/secret") << "secret";
  fs::create_symlink(outside.path(), Path("link"));
  fs::create_symlink(outside.path() + "/secret", Path("file_link"));

  EXPECT_EQ(Put(*store_, "link/planted").code(), Code::kFailedPrecondition);
  EXPECT_FALSE(fs::exists(outside.path() + "/planted"));
  EXPECT_EQ(store_->Head(ObjectKey("link/secret"), {}).status().code(), Code::kNotFound);
  EXPECT_EQ(ReadObject(*store_, ObjectKey("file_link"), 100, {}).status().code(), Code::kPermissionDenied);
  EXPECT_THAT(List(*store_, ""), IsEmpty());

  // Writing to a link replaces the link, not what it points to.
  EXPECT_EQ(Put(*store_, "file_link", "ours"), Status());
  std::ostringstream secret;
  secret << std::ifstream(outside.path() + "/secret").rdbuf();
  EXPECT_EQ(secret.str(), "secret");
}

TEST_F(LocalStoreTest, SymbolicLinksDoNotLeadOutOfTheRootEither) {
  TempDirectory outside;
  std::ofstream(outside.path() + "/secret") << "secret";
  fs::create_directory(Path("real"));
  fs::create_symlink(Path("real"), Path("root"));
  fs::create_symlink(outside.path(), Path("real/link"));
  auto store = MakeLocalStore({.root_directory = Path("root")});

  EXPECT_EQ(Put(*store, Path("root/k"), "ours"), Status()) << "the root itself may be a link";
  EXPECT_EQ(Put(*store, Path("root/link/planted")).code(), Code::kFailedPrecondition);
  EXPECT_EQ(store->Head(ObjectKey(Path("root/link/secret")), {}).status().code(), Code::kNotFound);
  EXPECT_THAT(List(*store, Path("root/")), ElementsAre(Path("root/k")));
  EXPECT_THAT(List(*store, Path("root/link/")), IsEmpty());

  // Nor as the source of a copy into another tree.
  const CopySource secret{.bucket = store->identity().bucket, .key = ObjectKey(Path("root/link/secret"))};
  EXPECT_EQ(store_->Copy(secret, ObjectKey("stolen"), {}).status().code(), Code::kNotFound);
  const CopySource ours{.bucket = store->identity().bucket, .key = ObjectKey(Path("root/k"))};
  EXPECT_EQ(store_->Copy(ours, ObjectKey("copied"), {}).status(), Status());
  EXPECT_EQ(ReadFile("copied"), "ours");
  EXPECT_EQ(store->identity().Url(ours.key), "file://" + Path("root/k"));
}

TEST_F(LocalStoreTest, AKeyOutsideTheRootIsRefused) {
  auto store = MakeLocalStore({.root_directory = Path("root")});
  for (const std::string& key : {Path("k"), Path("rooted/k"), Path("root"), Path("root/../k"),
                                 std::string("k"), Path("root//k"), Path("root/./k")}) {
    EXPECT_EQ(Put(*store, key).code(), Code::kInvalidArgument) << key;
    EXPECT_EQ(Delete(*store, key).code(), Code::kInvalidArgument) << key;
  }
  EXPECT_EQ(store->List({.prefix = Path("")}, {}).status().code(), Code::kInvalidArgument);
  EXPECT_THAT(Files(), IsEmpty());
}

TEST_F(LocalStoreTest, TheBaseItselfMayBeASymbolicLink) {
  fs::create_directory(Path("real"));
  fs::create_symlink(Path("real"), Path("base"));
  auto store = MakeLocalStore({.base_directory = Path("base") + "/"});
  EXPECT_EQ(Put(*store, "k", "content"), Status());
  EXPECT_EQ(ReadFile("real/k"), "content");
  EXPECT_THAT(List(*store, ""), ElementsAre("k"));
}

TEST_F(LocalStoreTest, ErrorsNameThePathAndTheReason) {
  WriteFile("a", "a file");
  const Status status = Put(*store_, "a/b");
  EXPECT_EQ(status.code(), Code::kFailedPrecondition);
  EXPECT_THAT(status.message(), HasSubstr(Path("a/b")));
  EXPECT_THAT(status.message(), HasSubstr("Not a directory"));
  EXPECT_EQ(Put(*store_, std::string(300, 'k')).code(), Code::kInvalidArgument);
}

TEST(ErrnoStatus, SaysWhatToDo) {
  EXPECT_EQ(posix::ErrnoStatus(ENOSPC, "write", "/data/k"),
            Internal("write /data/k: No space left on device; disk full: free space and run again"));
  for (const int full : {ENOSPC, EDQUOT, EFBIG}) {
    EXPECT_EQ(posix::ErrnoStatus(full, "write", "/k").code(), Code::kInternal)
        << "of a conditional put kFailedPrecondition would mean that another run was there";
  }
  EXPECT_EQ(posix::ErrnoStatus(EACCES, "read", "/k").code(), Code::kPermissionDenied);
  EXPECT_EQ(posix::ErrnoStatus(EROFS, "write", "/k").code(), Code::kPermissionDenied);
  EXPECT_EQ(posix::ErrnoStatus(ENOENT, "read", "/k").code(), Code::kNotFound);
  EXPECT_EQ(posix::ErrnoStatus(EMFILE, "read", "/k").code(), Code::kUnavailable);
}

TEST_F(LocalStoreTest, AMissingBaseListsEmptyAndTakesNoObjectsUntilItIsMade) {
  auto store = MakeLocalStore({.base_directory = Path("not/yet")});
  EXPECT_THAT(List(*store, ""), IsEmpty());
  EXPECT_EQ(Put(*store, "k").code(), Code::kNotFound);
  EXPECT_THAT(Files(), IsEmpty());
  EXPECT_EQ(store->EnsureBucket({}), Status());
  EXPECT_EQ(Put(*store, "k"), Status());
}

TEST_F(LocalStoreTest, ARootIsMadeAsABaseIs) {
  auto store = MakeLocalStore({.root_directory = Path("not/yet")});
  EXPECT_EQ(store->EnsureBucket({}), Status());
  EXPECT_EQ(Files(), (std::set<std::string>{"not", "not/yet"}));
  WriteFile("taken", "a file");
  EXPECT_EQ(MakeLocalStore({.root_directory = Path("taken")})->EnsureBucket({}).code(),
            Code::kFailedPrecondition);
}

TEST_F(LocalStoreTest, DeleteRemovesTheDirectoriesItEmptied) {
  for (const char* key : {"a/b/c/1", "a/b/c/2", "a/x"}) EXPECT_EQ(Put(*store_, key), Status());
  EXPECT_EQ(Delete(*store_, "a/b/c/1"), Status());
  EXPECT_TRUE(fs::exists(Path("a/b/c")));
  EXPECT_EQ(Delete(*store_, "a/b/c/2"), Status());
  EXPECT_EQ(Files(), (std::set<std::string>{"a", "a/x"}));
  EXPECT_EQ(Delete(*store_, "a/x"), Status());
  EXPECT_THAT(Files(), IsEmpty());
  EXPECT_TRUE(fs::exists(directory_.path()));
}

// Field case 31: a collection of 4,096 partitions has so many directories in one, and each that was removed
// had it read again.
TEST(ClimbOnce, LooksAtEachDirectoryOnceTheDeepestFirst) {
  std::vector<std::string> directories, looked;
  for (int i = 0; i < 4; ++i)
    for (const char* field : {"0", "100"}) directories.push_back(fmt::format("b/c/{}/s/{}", i, field));
  local_internal::ClimbOnce(directories, "b", [&](const std::string& directory) {
    looked.push_back(directory);
    return directory != "b/c/3/s/0";  // something is in it
  });
  std::vector<std::string> expected = directories;
  for (int i = 0; i < 4; ++i) expected.push_back(fmt::format("b/c/{}/s", i));
  for (int i = 0; i < 4; ++i) expected.push_back(fmt::format("b/c/{}", i));
  expected.push_back("b/c");
  EXPECT_EQ(looked, expected) << "a directory that goes with one of its children is looked at for it";
  looked.clear();
  local_internal::ClimbOnce({"b/c/1", "b/c/2"}, "", [&](const std::string& directory) {
    looked.push_back(directory);
    return directory.starts_with("b/c");
  });
  EXPECT_THAT(looked, testing::ElementsAre("b/c/1", "b/c/2", "b/c", "b"));
}

TEST_F(LocalStoreTest, WhereKeysArePathsDeleteStopsAtTheRoot) {
  auto store = MakeLocalStore({.root_directory = Path("root") + "/"});
  EXPECT_EQ(Put(*store, Path("root/a/k")), Status());
  EXPECT_EQ(Delete(*store, Path("root/a/k")), Status());
  EXPECT_EQ(Files(), (std::set<std::string>{"root"}));
}

TEST_F(LocalStoreTest, TellsWhatIsNoObjectAndStaysBehindADelete) {
  WriteFile("b/x/file", "x");
  fs::create_directories(Path("b/empty/inner"));
  fs::create_symlink("/etc/hostname", Path("b/link"));
  fs::create_symlink("/etc", Path("elsewhere"));
  auto paths = MakeLocalStore({.root_directory = directory_.path()});
  for (ObjectStore* store : {store_.get(), paths.get()}) {
    const std::string prefix = store == paths.get() ? directory_.path() + "/b/" : "b/";
    EXPECT_THAT(
        store->ListOthers(prefix, {}).value(),
        testing::UnorderedElementsAre(Path("b/link") + ": no file: a symbolic link, or something else",
                                      Path("b/empty/inner/") + ": an empty directory"));
    EXPECT_THAT(store->ListOthers(store == paths.get() ? directory_.path() + "/none/" : "none/", {}).value(),
                IsEmpty());
  }
}

TEST_F(LocalStoreTest, RemovesTheEmptyDirectoriesThatMayGo) {
  WriteFile("b/x/1/file", "x");
  WriteFile("b/x/3/.mbk-tmp-0123", "half");
  fs::create_directories(Path("b/x/1/2"));
  fs::create_directories(Path("b/users/own"));
  WriteFile("b/users/own/.mbk-tmp-0123", "half");
  fs::create_directories(Path("c/x"));
  auto paths = MakeLocalStore({.root_directory = directory_.path()});
  const auto of_ours = [](std::string_view key) { return key.find("users") == std::string_view::npos; };
  for (ObjectStore* store : {store_.get(), paths.get()}) {
    const std::string root = store == paths.get() ? directory_.path() + "/" : "";
    EXPECT_EQ(store->RemoveEmptyDirectories(root + "b/", of_ours, {}), Status());
    EXPECT_EQ(store->RemoveEmptyDirectories(root + "none/", of_ours, {}), Status());
    EXPECT_EQ(Files(), (std::set<std::string>{"b", "b/users", "b/users/own", "b/x", "b/x/1", "b/x/1/file",
                                              "c", "c/x"}));
  }
  EXPECT_EQ(store_->RemoveEmptyDirectories("c/", of_ours, {}), Status());
  EXPECT_FALSE(fs::exists(Path("c")));
}

TEST_F(LocalStoreTest, DeletingADirectoryDeletesNothing) {
  EXPECT_EQ(Put(*store_, "a/k"), Status());
  EXPECT_EQ(Delete(*store_, "a"), Status());
  EXPECT_TRUE(fs::exists(Path("a/k")));
}

TEST_F(LocalStoreTest, WhatACrashLeftBehindIsNotListed) {
  WriteFile("a/.mbk-tmp-0123", "half");
  WriteFile("a/.mbk-upload-0123/00001", "part");
  WriteFile("b", "x");
  EXPECT_THAT(List(*store_, ""), ElementsAre("b"));
  EXPECT_THAT(store_->List({.delimiter = "/"}, {}).value().common_prefixes, IsEmpty());
}

TEST_F(LocalStoreTest, WhatAKilledRunLeftBehindGoesWithTheLastObjectBesideIt) {
  EXPECT_EQ(Put(*store_, "backup/a/k"), Status());
  EXPECT_EQ(Put(*store_, "backup/kept"), Status());
  const pid_t child = ::fork();
  if (child == 0) {  // killed in the middle of a write and of an upload
    auto pending =
        local_internal::PendingFile::Create(local_internal::Tree::Below(directory_.path()), "backup/a/half");
    const Result<UploadId> upload = store_->StartUpload(ObjectKey("backup/a/large"), {});
    const bool under_way = pending.ok() && upload.ok() && store_->UploadPart(*upload, 1, "part", {}).ok();
    ::_exit(under_way ? 0 : 1);
  }
  int ended = 0;
  ASSERT_EQ(::waitpid(child, &ended, 0), child);
  ASSERT_EQ(ended, 0);
  EXPECT_EQ(Files().size(), 6) << "two directories, two objects, and a hidden file each of write and upload";
  EXPECT_THAT(List(*store_, ""), ElementsAre("backup/a/k", "backup/kept"));
  EXPECT_EQ(Delete(*store_, "backup/a/k"), Status());
  EXPECT_EQ(Files(), (std::set<std::string>{"backup", "backup/kept"}));
}

TEST_F(LocalStoreTest, WhatIsStillBeingWrittenIsNotTakenForAbandoned) {
  auto other = MakeLocalStore({.base_directory = directory_.path()});
  EXPECT_EQ(Put(*store_, "a/k"), Status());
  auto pending =
      local_internal::PendingFile::Create(local_internal::Tree::Below(directory_.path()), "a/slow");
  ASSERT_TRUE(pending.ok());
  const UploadId upload = other->StartUpload(ObjectKey("a/large"), {}).value();
  const UploadedPart part = other->UploadPart(upload, 1, "part", {}).value();

  EXPECT_EQ(Delete(*store_, "a/k"), Status());
  EXPECT_EQ(pending->Publish(PutCondition::kNone).status(), Status());
  EXPECT_EQ(other->CompleteUpload(upload, std::vector{part}, {}).status(), Status());
  EXPECT_THAT(List(*store_, ""), ElementsAre("a/large", "a/slow"));
}

TEST_F(LocalStoreTest, ANewFileThatSomebodyTookForAbandonedIsMadeAgain) {
  fs::create_directory(Path("a"));
  const posix::Fd directory(::open(Path("a").c_str(), O_PATH | O_DIRECTORY));
  const posix::Fd made(::open(Path("a/.mbk-tmp-1").c_str(), O_RDWR | O_CREAT, 0666));
  EXPECT_TRUE(local_internal::RemoveAbandoned(directory));
  EXPECT_EQ(local_internal::Claim(made, "a/k").code(), Code::kNotFound) << "it has no name any more";

  const posix::Fd again(::open(Path("a/.mbk-tmp-2").c_str(), O_RDWR | O_CREAT, 0666));
  EXPECT_EQ(local_internal::Claim(again, "a/k"), Status());
  EXPECT_FALSE(local_internal::RemoveAbandoned(directory));
  const posix::Fd looking(::open(Path("a/.mbk-tmp-2").c_str(), O_RDONLY));
  EXPECT_EQ(local_internal::Claim(looking, "a/k").code(), Code::kNotFound) << "it is locked";
}

TEST_F(LocalStoreTest, FailedAndAbortedWritesLeaveNoFiles) {
  fs::create_directories(Path("taken/by/a/directory"));
  EXPECT_EQ(Put(*store_, "taken").code(), Code::kFailedPrecondition);
  EXPECT_EQ(Put(*store_, "k", "first"), Status());
  const PutRequest again{.key = ObjectKey("k"), .body = "second", .condition = PutCondition::kIfAbsent};
  EXPECT_EQ(store_->Put(again, {}).status().code(), Code::kAlreadyExists);
  const UploadId upload = store_->StartUpload(ObjectKey("u/k"), {}).value();
  EXPECT_TRUE(store_->UploadPart(upload, 1, "part", {}).ok());
  EXPECT_EQ(store_->AbortUpload(upload, {}), Status());
  EXPECT_EQ(Files(), (std::set<std::string>{"k", "taken", "taken/by", "taken/by/a", "taken/by/a/directory"}));
}

TEST_F(LocalStoreTest, UploadIdsCannotNameOtherDirectories) {
  WriteFile("victim/00001", "x");
  for (const char* id : {"victim", "../victim", ".mbk-upload-/../victim", ""}) {
    const UploadId upload{.key = ObjectKey("k"), .id = id};
    EXPECT_EQ(store_->UploadPart(upload, 1, "x", {}).status().code(), Code::kNotFound) << id;
    EXPECT_EQ(store_->AbortUpload(upload, {}), Status()) << id;
  }
  EXPECT_TRUE(fs::exists(Path("victim/00001")));
}

TEST_F(LocalStoreTest, AnInPlaceChangeShowsInTheEtag) {
  WriteFile("k", "one");
  const std::string etag = store_->Head(ObjectKey("k"), {}).value().etag;
  WriteFile("k", "longer");
  EXPECT_NE(store_->Head(ObjectKey("k"), {}).value().etag, etag);
}

TEST_F(LocalStoreTest, AFileThatChangesWhileItIsReadIsNoticed) {
  WriteFile("k", std::string(1 << 20, 'x'));
  auto change = [&](std::string_view) {
    WriteFile("k", "shorter");
    return Status();
  };
  EXPECT_EQ(store_->Get({.key = ObjectKey("k")}, change, {}).status().code(), Code::kUnavailable);
  WriteFile("k", "1234");
  auto grow = [&](std::string_view) {
    WriteFile("k", "12345678");
    return Status();
  };
  EXPECT_EQ(store_->Get({.key = ObjectKey("k")}, grow, {}).status().code(), Code::kFailedPrecondition);
}

TEST_F(LocalStoreTest, AFifoIsNotReadAsAnObject) {
  ASSERT_EQ(::mkfifo(Path("fifo").c_str(), 0600), 0);
  EXPECT_EQ(ReadObject(*store_, ObjectKey("fifo"), 100, {}).status().code(), Code::kNotFound);
  EXPECT_THAT(List(*store_, ""), IsEmpty());
}

TEST_F(LocalStoreTest, PutsAndDeletesInOneDirectoryDoNotDisturbEachOther) {
  auto put_and_delete = [&](std::size_t i, const CallContext& context) -> Status {
    const ObjectKey key("a/b/" + std::to_string(i % 4));
    MBK_TRY(store_->Put({.key = key, .body = "x"}, context).status());
    const std::vector<ObjectKey> keys = {key};
    return store_->Delete(keys, context);
  };
  EXPECT_EQ(ParallelFor(200, 4, {}, put_and_delete), Status());
  EXPECT_THAT(Files(), IsEmpty());
}

TEST_F(LocalStoreTest, BothWaysToTakeAFreeNameRefuseATakenOne) {
  const posix::Fd directory(::open(directory_.path().c_str(), O_PATH | O_DIRECTORY));
  for (auto take : {local_internal::RenameIfAbsent, local_internal::LinkIfAbsent}) {
    WriteFile("from", "new");
    EXPECT_EQ(take(directory.get(), "from", "to"), 0);
    WriteFile("from", "newer");
    EXPECT_EQ(take(directory.get(), "from", "to"), EEXIST);
    EXPECT_EQ(ReadFile("to"), "new");
    EXPECT_EQ(Files(), (std::set<std::string>{"from", "to"}));
    fs::remove(Path("to"));
  }
}

// What each file system does in its own way: sharing blocks, copying in the kernel, or neither.
TEST_F(LocalStoreTest, CopiesWithinAndBetweenFileSystems) {
  std::string content(5 << 20, 'x');
  content += "the end";
  EXPECT_EQ(Put(*store_, "from", content), Status());
  EXPECT_EQ(Put(*store_, "empty", ""), Status());
  TempDirectory in_memory("/dev/shm");
  auto elsewhere = MakeLocalStore({.base_directory = in_memory.path()});
  for (ObjectStore* target : {store_.get(), elsewhere.get()}) {
    for (const char* name : {"from", "empty"}) {
      const CopySource source{.bucket = store_->identity().bucket, .key = ObjectKey(name)};
      EXPECT_EQ(target->Copy(source, ObjectKey("to"), {}).status(), Status());
      EXPECT_EQ(ReadObject(*target, ObjectKey("to"), 6 << 20, {}).value(),
                ReadObject(*store_, ObjectKey(name), 6 << 20, {}).value());
    }
  }
}

// The keys a directory tree can hold, listed as the memory store lists them.
RC_GTEST_PROP(LocalListing, IsThatOfAnObjectStore, ()) {
  const auto component =
      rc::gen::nonEmpty(rc::gen::container<std::string>(rc::gen::elementOf(std::string("ab.-0"))));
  const auto components =
      rc::gen::resize(3, rc::gen::nonEmpty(rc::gen::container<std::vector<std::string>>(component)));
  const auto names =
      *rc::gen::resize(12, rc::gen::container<std::vector<std::vector<std::string>>>(components));

  TempDirectory directory;
  MemoryStore memory;
  for (const auto& name : names) {
    fs::path path;
    for (const std::string& part : name) path /= part;
    if (std::any_of(name.begin(), name.end(), [](const auto& part) { return part == "." || part == ".."; }))
      continue;
    std::error_code error;
    fs::create_directories((directory.path() / path).parent_path(), error);
    if (std::ofstream(directory.path() / path) << "x") memory.Set(path.string(), "x");
  }
  auto local = MakeLocalStore({.base_directory = directory.path()});

  ListRequest request{.prefix = *rc::gen::element<std::string>("", "a", "a/", "b", "a/b", "-", ".", "0/"),
                      .delimiter = *rc::gen::element<std::string>("", "/"),
                      .max_keys = *rc::gen::inRange(1, 4)};
  do {
    const ListPage expected = memory.List(request, {}).value();
    const ListPage listed = local->List(request, {}).value();
    RC_ASSERT(listed.common_prefixes == expected.common_prefixes);
    RC_ASSERT(listed.next_page_token == expected.next_page_token);
    RC_ASSERT(listed.objects.size() == expected.objects.size());
    for (std::size_t i = 0; i < listed.objects.size(); ++i)
      RC_ASSERT(listed.objects[i].key == expected.objects[i].key);
    request.page_token = expected.next_page_token;
  } while (!request.page_token.empty());
}

}  // namespace
}  // namespace mbk
