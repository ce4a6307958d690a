#pragma once

#include <rapidcheck.h>

#include <string>
#include <vector>

#include "model/backup.h"

/// Random backups for property tests, with what JSON can hold: valid UTF-8, sizes that are not negative,
/// log ids that occur once.
namespace mbk::manifest {

class AnyBackup {
 public:
  Backup Make();

 private:
  std::string Text();
  std::vector<std::string> Texts();
  KeyValues Pairs();
  std::map<std::string, std::string> Map();
  FieldSchema Field();
  CollectionSchema Schema();
  IndexInfo Index();
  Segment MakeSegment(std::int64_t partition_id, bool is_l0);
  std::vector<Segment> Segments(std::int64_t partition_id, bool is_l0);
  RowsRecord Rows();
  Partition MakePartition();
  Collection MakeCollection();
  RbacMeta Rbac();

  std::int64_t next_id_ = 470636371198021650;
};

/// Make sizes what they are in a real backup: sums of the segments'.
void SumSizes(Backup& backup);

}  // namespace mbk::manifest
