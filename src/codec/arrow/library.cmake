# The part of codec/ that stands on Arrow: a static library for tests and fuzz targets, and around it the
# shared library that LoadRowCodec opens. Everything in it but the entry points of codec/codec_library.h is
# hidden: it holds its own copy of base/ and model/.
file(GLOB arrow_sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/codec/arrow/*.cc)
list(FILTER arrow_sources EXCLUDE REGEX "_test\\.cc$|/entry\\.cc$")
mbk_joined(arrow_sources mbk_codec_arrow)
add_library(mbk_codec_arrow STATIC ${arrow_sources})
target_link_libraries(mbk_codec_arrow PUBLIC mbk_codec Parquet::parquet_shared Arrow::arrow_shared)
set_target_properties(mbk_codec_arrow mbk_codec mbk_model mbk_base PROPERTIES POSITION_INDEPENDENT_CODE ON)

add_library(milvus-backup-codec SHARED codec/arrow/entry.cc)
target_link_libraries(milvus-backup-codec PRIVATE mbk_codec_arrow)
target_link_options(milvus-backup-codec PRIVATE -Wl,--exclude-libs,ALL -Wl,--as-needed)
# lib/ beside the executables of the build tree, as `make build` lays it out beside ./milvus-backup.
set(codec_directory ${CMAKE_CURRENT_BINARY_DIR}/lib)
set_target_properties(milvus-backup-codec PROPERTIES
  LIBRARY_OUTPUT_DIRECTORY ${codec_directory}
  CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
  BUILD_WITH_INSTALL_RPATH ON INSTALL_RPATH "$ORIGIN")
file(MAKE_DIRECTORY ${codec_directory})
foreach(file ${MBK_ARROW_FILES})
  get_filename_component(name ${file} NAME)
  file(CREATE_LINK ${file} ${codec_directory}/${name} SYMBOLIC)
endforeach()

if(MBK_TESTS)
  # A process like the program: gRPC, libcurl and OpenSSL are linked, Arrow is not.
  add_executable(load_codec_test ${CMAKE_SOURCE_DIR}/tests/load_codec/load_codec_test.cc)
  target_link_libraries(load_codec_test PRIVATE mbk_codec gRPC::grpc++ CURL::libcurl OpenSSL::SSL
                        GTest::gmock GTest::gtest_main)
  add_dependencies(load_codec_test milvus-backup-codec)
  add_test(NAME load_codec COMMAND load_codec_test WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
endif()
