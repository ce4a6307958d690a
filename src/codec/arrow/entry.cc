#include "codec/arrow/arrow_codec.h"
#include "codec/codec_library.h"

extern "C" __attribute__((visibility("default"))) mbk::RowCodec* MbkCodec() {
  return mbk::codec::ArrowCodec();
}

extern "C" __attribute__((visibility("default"))) const char* MbkCodecBuild() {
  return mbk::codec::BuildId();
}
