#include "ops/capture/capture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ops/testing/world.h"

namespace mbk::capture {
namespace {

using milvustest::MockCollection;
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
  Result<Selection> SelectBy(std::string_view filter) { return Select(*world_.client, Filtered(filter), {}); }

  Backup Described() {
    Result<Selection> selection = SelectBy("");
    Result<Backup> backup = Describe(*world_.client, selection.value(), world_.run, {});
    EXPECT_TRUE(backup.ok()) << backup.status().message();
    return std::move(backup).value();
  }
  Status List(Backup& backup) { return ListSegments(world_.milvus, backup, world_.run, {}); }

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
  Backup backup = Described();
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
  EXPECT_EQ(Described().collections[0].load_state, LoadState::kNotLoad);
}

TEST_F(Capture, AsksForEachPartitionWhenSomeAreLoaded) {
  world_.AddCollection(kBooks, kBooksId, {});
  world_.server.EditCollection(kBooks, [](MockCollection& books) {
    books.loaded_percent = 50;
    books.partition_loaded_percent = {{"_default", 100}, {"new", 0}};
  });
  const Collection books = Described().collections[0];
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
  EXPECT_THAT(Described().collections, ElementsAre(Field(&Collection::name, "books")));
}

TEST_F(Capture, WaitsUntilTheServerSaysThatItHasFlushed) {
  world_.AddCollection(kBooks, kBooksId, {});
  world_.server.EditCollection(kBooks, [](MockCollection& books) { books.polls_until_flushed = 12; });
  Backup backup = Described();
  ASSERT_TRUE(Flush(*world_.client, backup, world_.run, {}).ok());
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
  Backup backup = Described();
  std::stop_source stop;
  world_.OnCall([&](const milvustest::SeenCall& call) {
    if (call.rpc == "GetFlushState") stop.request_stop();
  });
  EXPECT_EQ(Flush(*world_.client, backup, world_.run, {.stop = stop.get_token()}).code(), Code::kCancelled);
}

TEST_F(Capture, GivesEverySegmentItsFiles) {
  world_.AddCollection(kBooks, kBooksId,
                       {{.id = 10, .has_deletes = true}, {.id = 11, .partition_id = World::kPartition + 1}});
  Backup backup = Described();
  ASSERT_TRUE(List(backup).ok());
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
  Backup backup = Described();
  world_.milvus_store.Inject(
      {.operation = StoreOperation::kList, .nth = 3, .times = 100, .status = Internal("too many requests")});
  ASSERT_TRUE(List(backup).ok());
  ASSERT_THAT(backup.collections[0].partitions[0].segments, SizeIs(30));
  for (const Segment& segment : backup.collections[0].partitions[0].segments) EXPECT_EQ(segment.size, 60);
}

TEST_F(Capture, PutsTheDeletesOfTheWholeCollectionApart) {
  world_.AddCollection(
      kBooks, kBooksId,
      {{.id = 10}, {.id = 12, .is_l0 = true}, {.id = 13, .partition_id = kAllPartitions, .is_l0 = true}});
  Backup backup = Described();
  ASSERT_TRUE(List(backup).ok());
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
  Backup backup = Described();
  ASSERT_TRUE(List(backup).ok());
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
  Backup backup = Described();
  ASSERT_TRUE(List(backup).ok());
  EXPECT_THAT(backup.collections[0].partitions[0].segments, SizeIs(1));
}

TEST_F(Capture, SegmentsOfAPartitionThatIsBeingDroppedAreLeftOut) {
  world_.AddCollection(kBooks, kBooksId, {{.id = 10}, {.id = 11, .partition_id = 7777}});
  Backup backup = Described();
  ASSERT_TRUE(List(backup).ok());
  EXPECT_THAT(backup.collections[0].partitions[0].segments, ElementsAre(Field(&Segment::segment_id, 10)));
  EXPECT_THAT(backup.collections[0].partitions[1].segments, IsEmpty());
}

TEST_F(Capture, AWrongRootIsAnErrorThatNamesTheSetting) {
  world_.AddCollection(kBooks, kBooksId, {{.id = 10}, {.id = 11}});
  world_.milvus.root = "elsewhere";
  Backup backup = Described();
  Status listed = List(backup);
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
  Backup backup = Described();
  ASSERT_TRUE(List(backup).ok());
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
  Backup backup = Described();
  Status listed = List(backup);
  EXPECT_EQ(listed.code(), Code::kFailedPrecondition);
  EXPECT_THAT(listed.message(), HasSubstr("99"));
  EXPECT_EQ(world_.Calls("GetPersistentSegmentInfo"), 10u);
}

TEST_F(Capture, FilesOfAnInterruptedUploadMakeASegmentUnusable) {
  world_.AddCollection(kBooks, kBooksId, {{.id = 10}});
  world_.milvus_memory->Set("files/insert_log/1000/2000/10/100/999", "x");
  Backup backup = Described();
  Status listed = List(backup);
  EXPECT_EQ(listed.code(), Code::kDataLoss);
  EXPECT_THAT(listed.message(),
              AllOf(HasSubstr("default.books"), HasSubstr("segment 10"), HasSubstr("field 100 has 2 files")));
}

TEST_F(Capture, AKeyThatIsNoBinlogIsNotPassedOver) {
  world_.AddCollection(kBooks, kBooksId, {{.id = 10}});
  world_.milvus_memory->Set("files/insert_log/1000/2000/10/100/seven", "x");
  Backup backup = Described();
  EXPECT_EQ(List(backup).code(), Code::kDataLoss);
}

TEST_F(Capture, AServerThatCannotPauseItsGarbageCollectionIsNoObstacle) {
  const GcPause pause(*world_.client, world_.sleeper);
  EXPECT_THAT(world_.sleeper.slept(), IsEmpty()) << "nothing to renew";
}

}  // namespace
}  // namespace mbk::capture
