#include "ops/capture/capture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <mutex>

#include "manifest/whole.h"
#include "net/testing/http_imposter.h"
#include "ops/load/temporary_name.h"
#include "ops/testing/world.h"

namespace mbk::capture {
namespace {

using milvustest::MockCollection;
using milvustest::SeenCall;
using opstest::World;
using testing::AllOf;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

const CollectionName kBooks{.db = "default", .name = "books"};
constexpr std::int64_t kBooksId = 1000;

class Capture : public testing::Test {
 protected:
  Filter Filtered(std::string_view text) { return Filter::Parse(text).value(); }
  Result<Selection> SelectBy(std::string_view filter) {
    return Select(*world_.client, Filtered(filter), {}, {});
  }

  Captured Described(WhenVanished when_vanished = WhenVanished::kFail) {
    Result<Selection> selection = SelectBy("");
    Result<Captured> captured = Describe(*world_.client, selection.value(), when_vanished, world_.run, {});
    EXPECT_TRUE(captured.ok()) << captured.status().message();
    return std::move(captured).value();
  }
  Status List(Captured& captured) { return ListSegments(world_.milvus, captured, world_.run, {}); }

  // The collection is dropped and made again: another id under the same name.
  void Remake(const CollectionName& name, std::int64_t new_id,
              const std::vector<World::SegmentSpec>& segments = {}) {
    world_.AddCollection(name, new_id, segments);
  }
  void RemoveFiles(const std::string& prefix) {
    std::vector<ObjectKey> keys;
    for (const std::string& key : world_.milvus_memory->Keys())
      if (key.starts_with(prefix)) keys.emplace_back(key);
    ASSERT_TRUE(world_.milvus_memory->Delete(keys, {}).ok());
  }
  void Drop(const CollectionName& name) { ASSERT_TRUE(world_.client->DropCollection(name, {}).ok()); }

  World world_;
};

TEST_F(Capture, SelectsEverythingInOrder) {
  world_.AddCollection({"default", "films"}, 1, {});
  world_.AddCollection({"default", "books"}, 2, {});
  world_.AddCollection({"db1", "tiny"}, 3, {});
  Selection selection = SelectBy("").value();
  EXPECT_THAT(selection.collections,
              ElementsAre(CollectionName{"db1", "tiny"}, CollectionName{"default", "books"},
                          CollectionName{"default", "films"}));
  EXPECT_THAT(selection.databases,
              ElementsAre(Field(&Database::name, "db1"), Field(&Database::name, "default")));
}

TEST_F(Capture, SelectsWhatTheFilterNames) {
  world_.AddCollection({"default", "films"}, 1, {});
  world_.AddCollection({"default", "books"}, 2, {});
  world_.AddCollection({"db1", "tiny"}, 3, {});
  EXPECT_THAT(SelectBy("books").value().collections, ElementsAre(kBooks));
  EXPECT_THAT(SelectBy("db1.*").value().collections, ElementsAre(CollectionName{"db1", "tiny"}));
  Selection database_only = SelectBy("db1.").value();
  EXPECT_THAT(database_only.collections, IsEmpty());
  EXPECT_THAT(database_only.databases, ElementsAre(Field(&Database::name, "db1")));
}

TEST_F(Capture, SaysWhatThereIsWhenANameIsNot) {
  world_.AddCollection({"default", "films"}, 1, {});
  world_.AddCollection({"db1", "tiny"}, 3, {});
  Status collection = SelectBy("boks").status();
  EXPECT_EQ(collection.code(), Code::kNotFound);
  EXPECT_THAT(collection.message(),
              AllOf(HasSubstr("default.boks"), HasSubstr("films"), Not(HasSubstr("tiny"))));
  Status database = SelectBy("db2.*").status();
  EXPECT_EQ(database.code(), Code::kNotFound);
  EXPECT_THAT(database.message(), AllOf(HasSubstr("db2"), HasSubstr("db1, default")));
}

TEST_F(Capture, DescribesAllThatMakesACollection) {
  world_.AddCollection(kBooks, kBooksId, {});
  world_.server.EditCollection(kBooks, [](MockCollection& books) {
    books.description.aliases = {"lib"};
    books.description.consistency_level = 2;
    books.description.properties = {{"collection.ttl.seconds", "60"}};
    books.indexes = {{.field_name = "v",
                      .index_name = "v_idx",
                      .params = {{"index_type", "FLAT"}, {"metric_type", "L2"}}}};
    books.loaded_percent = 100;
  });
  Captured captured = Described();
  Backup& backup = captured.backup;
  EXPECT_EQ(backup.milvus_version, world_.client->version());
  ASSERT_THAT(backup.collections, SizeIs(1));
  const Collection& books = backup.collections[0];
  EXPECT_EQ(books.collection_id, kBooksId);
  EXPECT_EQ(books.db_name, "default");
  EXPECT_EQ(books.name, "books");
  EXPECT_EQ(books.schema.fields.size(), 2u);
  EXPECT_EQ(books.consistency_level, 2);
  EXPECT_THAT(books.aliases, ElementsAre("lib"));
  EXPECT_THAT(books.properties, ElementsAre(KeyValue{"collection.ttl.seconds", "60"}));
  EXPECT_TRUE(books.has_index);
  EXPECT_THAT(books.indexes, ElementsAre(AllOf(Field(&IndexInfo::index_name, "v_idx"),
                                               Field(&IndexInfo::index_type, "FLAT"))));
  EXPECT_THAT(books.virtual_channel_names, SizeIs(1));
  EXPECT_GT(books.created_timestamp, 0u);
  EXPECT_EQ(books.load_state, LoadState::kLoaded);
  EXPECT_THAT(books.partitions, ElementsAre(AllOf(Field(&Partition::name, "_default"),
                                                  Field(&Partition::partition_id, World::kPartition),
                                                  Field(&Partition::load_state, LoadState::kLoaded)),
                                            Field(&Partition::name, "new")));
}

TEST_F(Capture, ACollectionThatIsNotLoadedIsNoError) {
  world_.AddCollection(kBooks, kBooksId, {});
  EXPECT_EQ(Described().backup.collections[0].load_state, LoadState::kNotLoad);
}

TEST_F(Capture, ACollectionOfWhichNothingIsLoadedYetIsBeingLoaded) {
  world_.AddCollection(kBooks, kBooksId, {});
  world_.server.EditCollection(kBooks, [](MockCollection& books) { books.loaded_percent = 0; });
  const Collection books = Described().backup.collections[0];
  EXPECT_EQ(books.load_state, LoadState::kLoading);
  EXPECT_THAT(books.partitions, testing::Each(Field(&Partition::load_state, LoadState::kLoading)));
}

TEST_F(Capture, AsksForEachPartitionWhenSomeAreLoaded) {
  world_.AddCollection(kBooks, kBooksId, {});
  world_.server.EditCollection(kBooks, [](MockCollection& books) {
    books.loaded_percent = 50;
    books.partition_loaded_percent = {{"_default", 100}, {"new", std::nullopt}};
  });
  const Collection books = Described().backup.collections[0];
  EXPECT_EQ(books.load_state, LoadState::kLoading);
  EXPECT_EQ(books.partitions[0].load_state, LoadState::kLoaded);
  EXPECT_EQ(books.partitions[1].load_state, LoadState::kNotLoad);
}

TEST_F(Capture, LeavesCollectionsOfExternalSourcesOut) {
  world_.AddCollection(kBooks, kBooksId, {});
  world_.AddCollection({"default", "outside"}, 1001, {});
  world_.server.EditCollection({"default", "outside"}, [](MockCollection& c) {
    c.description.schema.external_source = "s3://lake/x";
  });
  const Captured captured = Described();
  EXPECT_THAT(captured.backup.collections, ElementsAre(Field(&Collection::name, "books")));
  ASSERT_THAT(captured.left_out, SizeIs(1));
  EXPECT_EQ(captured.left_out[0].name.Full(), "default.outside");
  EXPECT_EQ(ReasonName(captured.left_out[0].reason), "external");
}

// What a real 2.3.5 answers of a collection of which one partition is loaded: 100 of the whole.
TEST_F(Capture, OnePartitionThatIsLoadedIsRecordedAlone) {
  world_.AddCollection(kBooks, kBooksId, {});
  world_.server.EditCollection(kBooks, [](MockCollection& books) {
    books.loaded_percent = 100;
    books.partition_loaded_percent = {{"new", std::nullopt}};
  });
  const Collection books = Described().backup.collections[0];
  EXPECT_EQ(books.load_state, LoadState::kLoading) << "the word for: in part";
  EXPECT_EQ(books.partitions[0].load_state, LoadState::kLoaded);
  EXPECT_EQ(books.partitions[1].load_state, LoadState::kNotLoad);
}

TEST_F(Capture, ALoadStateThatIsNotToldIsNotTakenForNotLoaded) {
  world_.AddCollection(kBooks, kBooksId, {});
  world_.server.Fail({.rpc = "GetLoadingProgress", .code = 1401, .reason = "permission deny"});
  const Selection selection = SelectBy("").value();
  const Status described = Describe(*world_.client, selection, WhenVanished::kFail, world_.run, {}).status();
  EXPECT_EQ(described.code(), Code::kPermissionDenied) << described.message();
}

TEST_F(Capture, LeavesOutWhatARunWorksOnUnlessItIsSpelledOut) {
  const std::string name = load::TemporaryName("0123456789ab", 1);
  world_.AddCollection(kBooks, kBooksId, {});
  world_.AddCollection({"default", name}, 1001, {});
  const Selection everything = SelectBy("").value();
  EXPECT_THAT(everything.collections, ElementsAre(kBooks));
  ASSERT_THAT(everything.left_out, SizeIs(1));
  EXPECT_EQ(everything.left_out[0].name.name, name);
  EXPECT_EQ(everything.left_out[0].reason, LeftOut::Reason::kTemporary);
  EXPECT_THAT(SelectBy("default.*").value().left_out, SizeIs(1));
  EXPECT_THAT(SelectBy("default.nosuch").status().message(),
              AllOf(HasSubstr("default.nosuch not found"), HasSubstr("check --leftovers")));
  EXPECT_THAT(SelectBy(name).value().collections, ElementsAre(CollectionName{"default", name}));
}

TEST_F(Capture, AnEmptyListOfDatabasesIsALackOfRights) {
  world_.server.Fail({.rpc = "ListDatabases"});  // success, and nothing in it
  const Status selected = SelectBy("").status();
  EXPECT_EQ(selected.code(), Code::kPermissionDenied);
  EXPECT_THAT(selected.message(), HasSubstr("not even default"));
}

TEST_F(Capture, NothingIsNotFoundAndSaysHowItCanBeMeant) {
  const Captured captured = Described();
  const Status refused = RefuseNothing(*world_.client, Filter(), captured);
  EXPECT_EQ(refused.code(), Code::kNotFound);
  EXPECT_THAT(refused.message(), HasSubstr("--allow-empty"));
  EXPECT_EQ(RefuseNothing(*world_.client, Filtered("default.*"), captured).code(), Code::kNotFound);
  EXPECT_TRUE(RefuseNothing(*world_.client, Filtered("default."), captured).ok()) << "the database is meant";
}

TEST_F(Capture, ADatabaseAloneThatHasCollectionsIsNotFoundAndSaysWhatToWrite) {
  world_.AddCollection(kBooks, kBooksId, {});
  const Selection alone = SelectBy("default.").value();
  EXPECT_THAT(alone.collections, testing::IsEmpty());
  const Captured captured = Describe(*world_.client, alone, WhenVanished::kFail, world_.run, {}).value();
  const Status refused = RefuseNothing(*world_.client, Filtered("default."), captured);
  EXPECT_EQ(refused.code(), Code::kNotFound);
  EXPECT_THAT(refused.message(),
              AllOf(HasSubstr("its 1 collection;"), HasSubstr("default.*"), HasSubstr("--allow-empty")));
  EXPECT_TRUE(SelectBy("default.,books").value().passed_over.empty()) << "what is named is what is meant";
}

TEST(CaptureOfAUser, NothingMayBeMoreThanItSeems) {
  milvustest::MockServer server(
      {.build_tags = "2.5.27", .version = "2.5.27", .user = "backup", .password = "secret"});
  ConnectOptions options = server.ClientOptions();
  options.user = "backup";
  options.password = "secret";
  const auto client = Connect(options, {}).value();
  const Status refused = RefuseNothing(*client, Filter(), {});
  EXPECT_EQ(refused.code(), Code::kPermissionDenied);
  EXPECT_THAT(refused.message(), HasSubstr("user backup"));
}

TEST_F(Capture, AFlushThatDoesNotSpeakOfTheCollectionIsAnError) {
  world_.AddCollection(kBooks, kBooksId, {});
  world_.server.EditCollection(kBooks, [](MockCollection& books) { books.flush.must_poll = false; });
  Captured captured = Described();
  const Status flushed = Flush(*world_.client, captured, world_.run, {});
  EXPECT_EQ(flushed.code(), Code::kInternal);
  EXPECT_THAT(flushed.message(), HasSubstr("default.books"));
}

TEST_F(Capture, WaitsUntilTheServerSaysThatItHasFlushed) {
  world_.AddCollection(kBooks, kBooksId, {});
  world_.server.EditCollection(kBooks, [](MockCollection& books) { books.polls_until_flushed = 12; });
  Captured captured = Described();
  Backup& backup = captured.backup;
  ASSERT_TRUE(Flush(*world_.client, captured, world_.run, {}).ok());
  EXPECT_EQ(backup.collections[0].backup_physical_timestamp, 1'795'336'871u);
  const std::vector<Milliseconds> slept = world_.sleeper.slept();
  ASSERT_THAT(slept, SizeIs(12));
  EXPECT_EQ(slept[0], Milliseconds(20));
  EXPECT_EQ(slept[1], Milliseconds(30));
  EXPECT_EQ(slept.back(), Milliseconds(500)) << "no longer than that";
  EXPECT_EQ(world_.progress.Get().objects_done, 1);
}

TEST_F(Capture, AStopEndsTheWaitForAFlush) {
  world_.AddCollection(kBooks, kBooksId, {});
  world_.server.EditCollection(kBooks, [](MockCollection& books) { books.polls_until_flushed = 1'000'000; });
  Captured captured = Described();
  std::stop_source stop;
  world_.OnCall([&](const milvustest::SeenCall& call) {
    if (call.rpc == "GetFlushState") stop.request_stop();
  });
  EXPECT_EQ(Flush(*world_.client, captured, world_.run, {.stop = stop.get_token()}).code(), Code::kCancelled);
}

TEST_F(Capture, GivesEverySegmentItsFiles) {
  world_.AddCollection(kBooks, kBooksId,
                       {{.id = 10, .has_deletes = true}, {.id = 11, .partition_id = World::kPartition + 1}});
  Captured captured = Described();
  Backup& backup = captured.backup;
  ASSERT_TRUE(List(captured).ok());
  EXPECT_EQ(backup.source_root, "files");
  const Collection& books = backup.collections[0];
  ASSERT_THAT(books.partitions[0].segments, SizeIs(1));
  const Segment& segment = books.partitions[0].segments[0];
  EXPECT_EQ(segment.segment_id, 10);
  EXPECT_EQ(segment.group_id, 10);
  EXPECT_EQ(segment.num_rows, 5);
  EXPECT_EQ(segment.size, 60);
  EXPECT_THAT(segment.insert_logs, testing::UnorderedElementsAre(Binlog{100, 200, 20}, Binlog{101, 201, 20}));
  EXPECT_THAT(segment.delta_logs, ElementsAre(Binlog{0, 100, 20}));
  EXPECT_THAT(books.partitions[1].segments, ElementsAre(Field(&Segment::segment_id, 11)));
  AddUpSizes(backup);
  EXPECT_EQ(books.partitions[0].size, 60);
  EXPECT_EQ(books.size, 100);
  EXPECT_EQ(backup.size, 100);
}

// Above eight segments the whole collection is listed at once; the result is the same.
TEST_F(Capture, ListsManySegmentsInFewRequests) {
  std::vector<World::SegmentSpec> specs;
  for (std::int64_t id = 10; id < 40; ++id) specs.push_back({.id = id, .has_deletes = true});
  world_.AddCollection(kBooks, kBooksId, specs);
  Captured captured = Described();
  Backup& backup = captured.backup;
  world_.milvus_store.Inject(
      {.operation = StoreOperation::kList, .nth = 3, .times = 100, .status = Internal("too many requests")});
  ASSERT_TRUE(List(captured).ok());
  ASSERT_THAT(backup.collections[0].partitions[0].segments, SizeIs(30));
  for (const Segment& segment : backup.collections[0].partitions[0].segments) EXPECT_EQ(segment.size, 60);
}

TEST_F(Capture, PutsTheDeletesOfTheWholeCollectionApart) {
  world_.AddCollection(
      kBooks, kBooksId,
      {{.id = 10}, {.id = 12, .is_l0 = true}, {.id = 13, .partition_id = kAllPartitions, .is_l0 = true}});
  Captured captured = Described();
  Backup& backup = captured.backup;
  ASSERT_TRUE(List(captured).ok());
  const Collection& books = backup.collections[0];
  EXPECT_THAT(books.partitions[0].segments,
              ElementsAre(Field(&Segment::is_l0, false),
                          AllOf(Field(&Segment::is_l0, true), Field(&Segment::group_id, 12))));
  EXPECT_THAT(books.l0_segments,
              ElementsAre(AllOf(Field(&Segment::segment_id, 13), Field(&Segment::is_l0, true),
                                Field(&Segment::group_id, 0), Field(&Segment::delta_logs, SizeIs(1)))));
}

TEST_F(Capture, FilesOfOtherSegmentsAreNotOurs) {
  world_.AddCollection(kBooks, kBooksId, {{.id = 10}});
  world_.AddSegment(kBooksId, {.id = 99});                          // compacted away, not yet collected
  world_.milvus_memory->Set("files/insert_log/1000/2000/10/", "");  // the marker of a directory
  Captured captured = Described();
  Backup& backup = captured.backup;
  ASSERT_TRUE(List(captured).ok());
  EXPECT_THAT(backup.collections[0].partitions[0].segments,
              ElementsAre(AllOf(Field(&Segment::segment_id, 10), Field(&Segment::size, 40))));
}

TEST_F(Capture, SegmentsThatAreBeingMadeOrHaveGoneAreLeftOut) {
  world_.AddCollection(kBooks, kBooksId, {{.id = 10}});
  for (std::int32_t state : {1, 6, 7}) {
    world_.server.EditCollection(kBooks, [&](MockCollection& books) {
      books.segments.push_back({.segment_id = 20 + state,
                                .collection_id = kBooksId,
                                .partition_id = World::kPartition,
                                .num_rows = 1,
                                .state = state});
    });
  }
  Captured captured = Described();
  Backup& backup = captured.backup;
  ASSERT_TRUE(List(captured).ok());
  EXPECT_THAT(backup.collections[0].partitions[0].segments, SizeIs(1));
}

TEST_F(Capture, SegmentsOfAPartitionThatIsBeingDroppedAreLeftOutAndNamed) {
  world_.AddCollection(kBooks, kBooksId, {{.id = 10}, {.id = 11, .partition_id = 7777}});
  Captured captured = Described();
  ASSERT_TRUE(List(captured).ok());
  const Collection& books = captured.backup.collections[0];
  EXPECT_THAT(books.partitions[0].segments, ElementsAre(Field(&Segment::segment_id, 10)));
  EXPECT_THAT(books.partitions[1].segments, IsEmpty());
  EXPECT_THAT(captured.notes, ElementsAre(HasSubstr("1 segment(s) of partition 7777")));
}

TEST_F(Capture, APartitionThatWasMadeMeanwhileIsTaken) {
  world_.AddCollection(kBooks, kBooksId, {{.id = 10}});
  Captured captured = Described();
  world_.server.EditCollection(kBooks, [&](MockCollection& books) {
    books.partitions.push_back({.name = "late", .id = 7777});
    books.segments.push_back(world_.AddSegment(kBooksId, {.id = 11, .partition_id = 7777}));
  });
  ASSERT_TRUE(List(captured).ok());
  const Collection& books = captured.backup.collections[0];
  ASSERT_THAT(books.partitions, SizeIs(3));
  EXPECT_EQ(books.partitions[2].name, "late");
  EXPECT_THAT(books.partitions[2].segments, ElementsAre(Field(&Segment::segment_id, 11)));
  EXPECT_THAT(captured.notes, IsEmpty());
}

TEST_F(Capture, APartitionThatWasMadeAgainMeanwhileHasOneEntry) {
  world_.AddCollection(kBooks, kBooksId, {{.id = 10}});
  Captured captured = Described();
  world_.server.EditCollection(kBooks, [&](MockCollection& books) {
    books.partitions[1].id = 7777;
    books.segments.push_back(world_.AddSegment(kBooksId, {.id = 11, .partition_id = 7777}));
  });
  ASSERT_TRUE(List(captured).ok());
  const Collection& books = captured.backup.collections[0];
  ASSERT_THAT(books.partitions, SizeIs(2));
  EXPECT_EQ(books.partitions[1].partition_id, 7777);
  EXPECT_THAT(books.partitions[1].segments, SizeIs(1));
}

TEST_F(Capture, SegmentsOfImportsThatAreNotOverAreCounted) {
  world_.AddCollection(kBooks, kBooksId, {{.id = 10}});
  world_.server.EditCollection(kBooks, [&](MockCollection& books) {
    SegmentInfo importing = world_.AddSegment(kBooksId, {.id = 27});
    importing.state = 7;
    books.segments.push_back(importing);
  });
  Captured captured = Described();
  ASSERT_TRUE(List(captured).ok());
  EXPECT_THAT(captured.notes,
              ElementsAre(AllOf(HasSubstr("default.books"), HasSubstr("1 segment(s) of imports"))));
}

// Dropped and made again between the description and the list of segments: the new one has none yet, so that
// not one id of a segment gives it away.
TEST_F(Capture, ACollectionMadeAgainMeanwhileIsNotTakenForEmpty) {
  world_.AddCollection(kBooks, kBooksId, {{.id = 10}});
  Captured captured = Described();
  Remake(kBooks, 3000);
  const Status listed = List(captured);
  EXPECT_EQ(listed.code(), Code::kFailedPrecondition);
  EXPECT_THAT(listed.message(), AllOf(HasSubstr("default.books"), HasSubstr("made again"), HasSubstr("3000"),
                                      HasSubstr("--skip-vanished")));
}

TEST_F(Capture, SegmentsOfAnotherCollectionOfTheNameAreNotTaken) {
  world_.AddCollection(kBooks, kBooksId, {{.id = 10}});
  Captured captured = Described();
  Remake(kBooks, 3000, {{.id = 11}});
  EXPECT_THAT(List(captured).message(), HasSubstr("made again"));
}

class Vanishing : public Capture, public testing::WithParamInterface<std::string> {};

// Whatever call it is that meets the gap, the others are taken and the one is named.
TEST_P(Vanishing, ACollectionIsLeftOutAndNamedWhenThatIsWanted) {
  world_.AddCollection(kBooks, kBooksId, {{.id = 10}});
  world_.AddCollection({"default", "films"}, 1001, {{.id = 11}});
  world_.OnCall([&](const milvustest::SeenCall& call) {
    if (call.rpc == GetParam() && call.request.find("books") != std::string::npos) Remake(kBooks, 3000);
  });
  Captured captured = Described(WhenVanished::kLeaveOut);
  ASSERT_TRUE(Flush(*world_.client, captured, world_.run, {}).ok());
  ASSERT_TRUE(List(captured).ok());
  EXPECT_THAT(captured.backup.collections, ElementsAre(Field(&Collection::name, "films")));
  ASSERT_THAT(captured.left_out, SizeIs(1));
  EXPECT_EQ(captured.left_out[0].name, kBooks);
  EXPECT_EQ(ReasonName(captured.left_out[0].reason), "vanished");
}

INSTANTIATE_TEST_SUITE_P(At, Vanishing,
                         testing::Values("DescribeIndex", "ShowPartitions", "GetLoadingProgress", "Flush",
                                         "GetFlushState", "GetPersistentSegmentInfo"),
                         [](const auto& info) { return info.param; });

TEST_F(Capture, ACollectionDroppedInMidDescriptionIsLeftOutToo) {
  world_.AddCollection(kBooks, kBooksId, {});
  world_.AddCollection({"default", "films"}, 1001, {});
  std::once_flag once;
  world_.OnCall([&](const milvustest::SeenCall& call) {
    if (call.rpc != "ShowPartitions" || call.request.find("books") == std::string::npos) return;
    std::call_once(once, [&] { Drop(kBooks); });
  });
  const Captured captured = Described(WhenVanished::kLeaveOut);
  EXPECT_THAT(captured.backup.collections, ElementsAre(Field(&Collection::name, "films")));
  ASSERT_THAT(captured.left_out, SizeIs(1));
  EXPECT_THAT(captured.left_out[0].why, HasSubstr("dropped"));
}

TEST_F(Capture, OfMetadataAloneACollectionMadeAgainIsNoticed) {
  world_.AddCollection(kBooks, kBooksId, {});
  Captured captured = Described();
  Remake(kBooks, 3000);
  EXPECT_THAT(Confirm(*world_.client, captured, world_.run, {}).message(), HasSubstr("made again"));
}

// Its row count and its files are told one after the other.
TEST_F(Capture, ASegmentThatGrowsWhileItsFilesAreListedIsListedAgain) {
  world_.AddCollection(kBooks, kBooksId, {{.id = 10, .storage_version = 1}});
  constexpr std::int32_t kSealed = 3;
  world_.server.EditCollection(kBooks, [](MockCollection& books) { books.segments[0].state = kSealed; });
  std::atomic<int> lists = 0;
  world_.OnCall([&](const SeenCall& call) {
    // Behind the first list, the first of its two that tells whether rows came.
    if (call.rpc != "GetPersistentSegmentInfo" || ++lists != 2) return;
    const MilvusLayout layout("files");
    for (const std::int64_t field : {0, 1, 100, 101}) {
      const ObjectKey key = layout.InsertLog(kBooksId, {.segment_id = 10, .partition_id = World::kPartition},
                                             {field, 900 + field, 20});
      world_.milvus_memory->Set(key.str(), backuptest::ContentOf(key.str(), 20));
    }
    world_.server.EditCollection(kBooks, [](MockCollection& books) { books.segments[0].num_rows = 8; });
  });
  Captured captured = Described();
  ASSERT_TRUE(List(captured).ok());
  const Segment& segment = captured.backup.collections.at(0).partitions.at(0).segments.at(0);
  EXPECT_EQ(segment.num_rows, 8);
  EXPECT_EQ(segment.insert_logs.size(), 8U);
}

TEST_F(Capture, ASegmentThatGrowsAllTheTimeIsAnError) {
  world_.AddCollection(kBooks, kBooksId, {{.id = 10}});
  constexpr std::int32_t kSealed = 3;
  world_.OnCall([&](const SeenCall& call) {
    if (call.rpc != "GetPersistentSegmentInfo") return;
    world_.server.EditCollection(kBooks, [](MockCollection& books) {
      books.segments[0].state = kSealed;
      ++books.segments[0].num_rows;
    });
  });
  Captured captured = Described();
  const Status listed = List(captured);
  EXPECT_EQ(listed.code(), Code::kFailedPrecondition);
  EXPECT_THAT(listed.message(), HasSubstr("rows come to a segment"));
}

TEST_F(Capture, AnL0SegmentWithoutDeltaLogsIsMissingSomething) {
  world_.AddCollection(kBooks, kBooksId, {{.id = 10}, {.id = 12, .is_l0 = true}});
  RemoveFiles("files/delta_log/1000/2000/12/");
  Captured captured = Described();
  const Status listed = List(captured);
  EXPECT_FALSE(listed.ok());
  EXPECT_THAT(listed.message(), AllOf(HasSubstr("segment 12"), HasSubstr("no delta logs")));
}

TEST_F(Capture, ASegmentWithoutTheFilesOfAFieldIsMissingSomething) {
  world_.AddCollection(kBooks, kBooksId,
                       {{.id = 10, .storage_version = 1}, {.id = 11, .storage_version = 1}});
  RemoveFiles("files/insert_log/1000/2000/11/101/");
  Captured captured = Described();
  const Status listed = List(captured);
  EXPECT_EQ(listed.code(), Code::kDataLoss);
  EXPECT_THAT(listed.message(), AllOf(HasSubstr("segment 11"), HasSubstr("field 101 (v)")));
}

/// A server of one version, with one collection.
class CaptureOf {
 public:
  CaptureOf(const std::string& version, const std::vector<World::SegmentSpec>& segments)
      : world({.build_tags = version, .version = version}) {
    world.AddCollection(kBooks, kBooksId, segments);
  }
  Status List() {
    const Selection selection = Select(*world.client, Filter(), {}, {}).value();
    captured = Describe(*world.client, selection, WhenVanished::kFail, world.run, {}).value();
    return ListSegments(world.milvus, captured, world.run, {});
  }

  World world;
  Captured captured;
};

Status ListedWithoutFilesOf(const FieldSchema& field, const std::string& version) {
  CaptureOf capture(version, {{.id = 10, .storage_version = 1}});
  capture.world.server.EditCollection(
      kBooks, [&](MockCollection& books) { books.description.schema.fields.push_back(field); });
  return capture.List();
}
const FieldSchema kMayBeNull{
    .field_id = 102, .name = "added", .data_type = DataType::kInt64, .nullable = true};
const FieldSchema kHasADefault{
    .field_id = 102, .name = "added", .data_type = DataType::kInt64, .default_value = "\x18\x05"};

TEST(CaptureByVersion, AFieldThatMayHaveBeenAddedLaterMayLackFiles) {
  for (const FieldSchema& field : {kMayBeNull, kHasADefault})
    for (const std::string version : {"2.6.18", "3.0.1", "master-20261101"}) {
      const Status listed = ListedWithoutFilesOf(field, version);
      EXPECT_TRUE(listed.ok()) << version << ": " << listed.message();
    }
}

TEST(CaptureByVersion, AFieldThatCannotHaveBeenAddedLaterMustHaveFiles) {
  for (const FieldSchema& field : {kMayBeNull, kHasADefault})
    for (const std::string version : {"v2.3.5", "2.4.24", "2.5.27"}) {
      const Status listed = ListedWithoutFilesOf(field, version);
      EXPECT_EQ(listed.code(), Code::kDataLoss) << version;
      EXPECT_THAT(listed.message(), AllOf(HasSubstr("segment 10"), HasSubstr("field 102 (added)")));
    }
}

// Milvus 2.4.0 to 2.4.6 says level 0 of every segment.
TEST(CaptureByVersion, SegmentsOfDeletesAloneAreOfL0AlsoWhereNoLevelIsTold) {
  CaptureOf capture("v2.4.5", {{.id = 10, .storage_version = 1},
                               {.id = 12, .is_l0 = true},
                               {.id = 13, .partition_id = kAllPartitions, .is_l0 = true}});
  capture.world.server.EditCollection(kBooks, [](MockCollection& books) {
    for (SegmentInfo& segment : books.segments) segment.level = 0;
  });
  const Status listed = capture.List();
  ASSERT_TRUE(listed.ok()) << listed.message();
  const Collection& books = capture.captured.backup.collections.at(0);
  EXPECT_THAT(books.partitions.at(0).segments,
              ElementsAre(AllOf(Field(&Segment::segment_id, 10), Field(&Segment::is_l0, false)),
                          AllOf(Field(&Segment::segment_id, 12), Field(&Segment::is_l0, true),
                                Field(&Segment::delta_logs, SizeIs(1)))));
  EXPECT_THAT(books.l0_segments,
              ElementsAre(AllOf(Field(&Segment::segment_id, 13), Field(&Segment::is_l0, true))));
  EXPECT_THAT(FindUnwhole(capture.captured.backup).named(), IsEmpty());
}

TEST(CaptureByVersion, DeletesOfAllPartitionsWithoutDeltaLogsAreMissingSomething) {
  CaptureOf capture("v2.4.5", {{.id = 10}});
  capture.world.server.EditCollection(kBooks, [](MockCollection& books) {
    books.segments.push_back(
        {.segment_id = 13, .collection_id = kBooksId, .partition_id = kAllPartitions, .state = 4});
  });
  EXPECT_THAT(capture.List().message(), AllOf(HasSubstr("segment 13"), HasSubstr("no delta logs")));
}

TEST_F(Capture, CountsRowsThatAreInMemoryOnly) {
  world_.AddCollection(kBooks, kBooksId, {{.id = 10}});
  world_.AddCollection({"default", "films"}, 1001, {});
  world_.server.EditCollection(kBooks, [](MockCollection& books) {
    books.loaded_percent = 100;
    for (std::int64_t id = 0; id < 12; ++id) books.rows.push_back({.key = {.number = id}});
  });
  Captured captured = Described();
  ASSERT_TRUE(List(captured).ok());
  ASSERT_TRUE(CountRowsInMemory(*world_.client, captured, world_.run, {}).ok());
  EXPECT_EQ(captured.rows_in_memory, (std::map<CollectionName, std::int64_t>{{kBooks, 7}}));
  EXPECT_THAT(captured.notes,
              ElementsAre(AllOf(HasSubstr("default.books"), HasSubstr("7 row(s)")),
                          AllOf(HasSubstr("loaded collections alone"), HasSubstr("default.films"))));
}

TEST_F(Capture, GivesNoNumberOfRowsInMemoryWhereTheFilesHoldDeletes) {
  world_.AddCollection(kBooks, kBooksId, {{.id = 10, .has_deletes = true}});  // of five rows
  for (const std::int64_t counted : {3, 5, 12}) {
    world_.server.EditCollection(kBooks, [&](MockCollection& books) {
      books.loaded_percent = 100;
      books.rows.clear();
      for (std::int64_t id = 0; id < counted; ++id) books.rows.push_back({.key = {.number = id}});
    });
    Captured captured = Described();
    ASSERT_TRUE(List(captured).ok());
    ASSERT_TRUE(CountRowsInMemory(*world_.client, captured, world_.run, {}).ok());
    EXPECT_THAT(captured.rows_in_memory, IsEmpty()) << counted;
    EXPECT_THAT(captured.notes,
                ElementsAre(AllOf(HasSubstr("default.books"),
                                  HasSubstr(counted == 12 ? "at least 7 row(s)" : "cannot be told"))));
  }
}

// On 2.2.16, which cannot count, a loaded collection was called one that is not loaded.
TEST_F(Capture, ALoadedCollectionThatCannotBeCountedIsNamedWithTheReason) {
  world_.AddCollection(kBooks, kBooksId, {{.id = 10}});
  world_.server.EditCollection(kBooks, [](MockCollection& books) { books.loaded_percent = 100; });
  Captured captured = Described();
  ASSERT_TRUE(List(captured).ok());
  world_.server.Fail({.rpc = "Query", .code = 65535, .error_code = 1, .reason = "field count(*) not exist"});
  ASSERT_TRUE(CountRowsInMemory(*world_.client, captured, world_.run, {}).ok());
  EXPECT_THAT(captured.notes, ElementsAre(AllOf(HasSubstr("default.books"), HasSubstr("in memory only"),
                                                HasSubstr("count(*) not exist"), Not(HasSubstr("loaded")))));
}

TEST_F(Capture, AWrongRootIsAnErrorThatNamesTheSetting) {
  world_.AddCollection(kBooks, kBooksId, {{.id = 10}, {.id = 11}});
  world_.milvus.root = "elsewhere";
  Captured captured = Described();
  Status listed = List(captured);
  EXPECT_EQ(listed.code(), Code::kFailedPrecondition);
  EXPECT_THAT(listed.message(), AllOf(HasSubstr("default.books"), HasSubstr("elsewhere/insert_log/1000/"),
                                      HasSubstr("minio.rootPath"), HasSubstr("milvus.storage.rootPath")));
  EXPECT_EQ(world_.Calls("GetPersistentSegmentInfo"), 3u);
}

TEST_F(Capture, ReadsTheSegmentListAgainWhenACompactionWasQuicker) {
  world_.AddCollection(kBooks, kBooksId, {{.id = 10}});
  world_.server.EditCollection(kBooks, [](MockCollection& books) {
    books.segments.push_back({.segment_id = 99,
                              .collection_id = kBooksId,
                              .partition_id = World::kPartition,
                              .num_rows = 5,
                              .state = 4});
  });
  world_.OnCall([&](const milvustest::SeenCall& call) {
    if (call.rpc != "GetPersistentSegmentInfo" || world_.Calls(call.rpc) < 3) return;
    world_.server.EditCollection(kBooks, [](MockCollection& books) { books.segments.resize(1); });
  });
  Captured captured = Described();
  Backup& backup = captured.backup;
  ASSERT_TRUE(List(captured).ok());
  EXPECT_THAT(backup.collections[0].partitions[0].segments, ElementsAre(Field(&Segment::segment_id, 10)));
  EXPECT_EQ(world_.Calls("GetPersistentSegmentInfo"), 3u);
  EXPECT_THAT(world_.sleeper.slept(), SizeIs(2));
}

TEST_F(Capture, GivesUpOnASegmentWhoseFilesNeverCome) {
  world_.AddCollection(kBooks, kBooksId, {{.id = 10}});
  world_.server.EditCollection(kBooks, [](MockCollection& books) {
    books.segments.push_back({.segment_id = 99,
                              .collection_id = kBooksId,
                              .partition_id = World::kPartition,
                              .num_rows = 5,
                              .state = 4});
  });
  Captured captured = Described();
  Status listed = List(captured);
  EXPECT_EQ(listed.code(), Code::kFailedPrecondition);
  EXPECT_THAT(listed.message(), HasSubstr("99"));
  EXPECT_EQ(world_.Calls("GetPersistentSegmentInfo"), 10u);
}

TEST_F(Capture, FilesOfAnInterruptedUploadMakeASegmentUnusable) {
  world_.AddCollection(kBooks, kBooksId, {{.id = 10, .storage_version = 1}});
  world_.milvus_memory->Set("files/insert_log/1000/2000/10/100/999", "x");
  Captured captured = Described();
  Status listed = List(captured);
  EXPECT_EQ(listed.code(), Code::kDataLoss);
  EXPECT_THAT(listed.message(), AllOf(HasSubstr("default.books"), HasSubstr("segment 10"),
                                      HasSubstr("field 100 has 2: files of an interrupted upload")));
}

TEST_F(Capture, AKeyThatIsNoBinlogIsNotPassedOver) {
  world_.AddCollection(kBooks, kBooksId, {{.id = 10}});
  world_.milvus_memory->Set("files/insert_log/1000/2000/10/100/seven", "x");
  Captured captured = Described();
  EXPECT_EQ(List(captured).code(), Code::kDataLoss);
}

// The other run resumes for all when it ends.
TEST_F(Capture, PausesItsGarbageCollectionAgainWhenSomethingVanished) {
  nettest::HttpImposter port([](const nettest::SeenRequest&) { return nettest::Answer(200, "{}"); });
  ConnectOptions options = world_.server.ClientOptions();
  options.management_endpoint = port.Url("/");
  const auto client = milvustest::ConnectTo(options);
  {
    GcPause pause(*client, RealSleeper(), "backup.gcPause.address");
    pause.Again({});
  }
  ASSERT_THAT(port.seen(), SizeIs(3));
  EXPECT_THAT(port.seen()[1].target, HasSubstr("/pause"));
  EXPECT_THAT(port.seen()[2].target, HasSubstr("/resume"));
}

TEST_F(Capture, AServerThatCannotPauseItsGarbageCollectionIsNoObstacle) {
  const GcPause pause(*world_.client, world_.sleeper, "backup.gcPause.address");
  EXPECT_THAT(world_.sleeper.slept(), IsEmpty()) << "nothing to renew";
}

// Field case 57: create said nothing where the address was wrong, and named a key that the file does not
// have.
TEST_F(Capture, AnAddressForPausingThatDoesNotAnswerIsWarnedOfByTheKeyThatGaveIt) {
  testing::internal::CaptureStderr();
  {
    const GcPause given(*world_.client, world_.sleeper, "backup.gcPause.address");
  }
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_THAT(said, AllOf(HasSubstr("is not paused (check backup.gcPause.address)"),
                          Not(HasSubstr("milvus.management"))));
  testing::internal::CaptureStderr();
  {
    const GcPause by_default(*world_.client, world_.sleeper, "");
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

}  // namespace
}  // namespace mbk::capture
