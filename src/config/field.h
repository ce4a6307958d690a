#pragma once

#include "config/schema.h"

/// FIELD(config.milvus.user): the place of a parameter in a Draft, for the rows of schema*.cc only.
#define MBK_FIELD(member) [](Draft& draft) -> auto& { return draft.member; }
