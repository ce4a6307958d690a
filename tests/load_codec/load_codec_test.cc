// The codec as the program opens it: a library of its own, in a process that has gRPC and OpenSSL already.
#include <curl/curl.h>
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <fstream>
#include <set>
#include <string>

#include "base/hash.h"
#include "codec/memory_source.h"
#include "codec/row_codec.h"

namespace mbk {
namespace {

/// The files mapped into this process whose names contain `part`.
std::set<std::string> Mapped(const std::string& part) {
  std::ifstream maps("/proc/self/maps");
  std::set<std::string> files;
  for (std::string line; std::getline(maps, line);) {
    const std::size_t path = line.find('/');
    if (path != std::string::npos && line.find(part, line.rfind('/')) != std::string::npos)
      files.insert(line.substr(path));
  }
  return files;
}

FieldSchema Key() {
  FieldSchema key;
  key.field_id = 100;
  key.name = "id";
  key.data_type = DataType::kInt64;
  return key;
}

TEST(LoadRowCodec, OpensALibraryThatKeepsToItself) {
  curl_global_init(CURL_GLOBAL_DEFAULT);
  SSL_CTX* const context = SSL_CTX_new(TLS_client_method());
  const std::string digest = Sha256Hex("before");
  EXPECT_TRUE(Mapped("libarrow").empty());

  Result<RowCodec*> codec = LoadRowCodec();
  ASSERT_TRUE(codec.ok()) << codec.status().message();
  EXPECT_EQ(*LoadRowCodec(), *codec);
  EXPECT_EQ(Mapped("libarrow.so").size(), 1u);
  EXPECT_EQ(Mapped("libparquet.so").size(), 1u);
  // libparquet brings an OpenSSL of its own; what we use is the system's, as before.
  EXPECT_EQ(Mapped("libcrypto").size(), 1u);
  EXPECT_EQ(Mapped("libssl").size(), 1u);
  EXPECT_EQ(Sha256Hex("before"), digest);
  EXPECT_EQ(SSL_CTX_set_default_verify_paths(context), 1);
  SSL_CTX_free(context);
  curl_global_cleanup();
  EXPECT_NE(grpc::CreateChannel("localhost:1", grpc::SslCredentials({})), nullptr);
}

TEST(LoadRowCodec, WhatCrossesTheBorderWorksOnBothSides) {
  RowCodec* const codec = LoadRowCodec().value();
  const std::int64_t numbers[] = {1, -2, 3};
  Column column = {.field_id = 100,
                   .type = DataType::kInt64,
                   .width = 8,
                   .length = 3,
                   .values = reinterpret_cast<const std::uint8_t*>(numbers)};
  Result<std::string> file = codec->EncodeInsertLog({}, Key(), column, column, {});
  ASSERT_TRUE(file.ok()) << file.status().message();

  CollectionSchema schema;
  schema.fields = {Key()};
  std::vector<FieldFiles> files(1);
  files[0].field_id = 100;
  files[0].files.push_back(std::make_unique<MemorySource>("s3://b/log", *file));
  std::optional<RowBatch> batch;
  {
    Result<std::unique_ptr<RowReader>> reader =
        codec->OpenSegment(schema, std::move(files), {.field_ids = {100}});
    ASSERT_TRUE(reader.ok()) << reader.status().message();
    batch = (*reader)->Next().value();
  }
  ASSERT_TRUE(batch);
  EXPECT_EQ(batch->columns[0].NumberAt<std::int64_t>(1), -2);

  MemorySource broken("s3://b/delta", "not a delta log");
  const Status status =
      codec->ReadDeltaLog(broken, DataType::kInt64, [](const DeletedKey&) { return Status(); });
  EXPECT_EQ(status.code(), Code::kDataLoss);
  EXPECT_THAT(status.message(), ::testing::HasSubstr("s3://b/delta: offset 0"));
}

}  // namespace
}  // namespace mbk
