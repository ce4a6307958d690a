#pragma once

#include "codec/row_codec.h"

/// What the library libmilvus-backup-codec.so exports: nothing else of it is visible.

/// The codec; lives as long as the process.
extern "C" mbk::RowCodec* MbkCodec();
/// Of which build the library is, as codec::BuildId() says it: a library of another build has other layouts
/// of the types that cross its border, and must not be used.
extern "C" const char* MbkCodecBuild();

namespace mbk::codec {

inline constexpr const char* kLibraryName = "libmilvus-backup-codec.so";

/// Version, commit and compiler of this build.
const char* BuildId();

}  // namespace mbk::codec
