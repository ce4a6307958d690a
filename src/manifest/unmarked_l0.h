#pragma once

#include <string_view>

#include "model/backup.h"

namespace mbk {

/// Mark as L0 what holds deletes alone and is not marked: segments of 0 rows with delta logs and without
/// insert logs. Servers of 2.4.0 to 2.4.6 do not say which segments are of L0, and backups of them by the Go
/// tool do not either. All of Milvus from 2.4 on is looked at: where servers do say it, such a segment is L0
/// all the same, for delta logs come to a data segment only while it has rows. Of older servers, which have
/// no L0, and where the version is not known, nothing is marked.
void MarkUnmarkedL0(Collection& collection, std::string_view milvus_version);

}  // namespace mbk
