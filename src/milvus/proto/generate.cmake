# Generates C++ from our protos into the build directory and adds it to the milvus layer. The files are
# called mbk/NAME.proto, so that they never clash with another copy of Milvus's protos in one process,
# and their headers are visible to this layer only.
set(proto_names common schema msg milvus)
set(proto_dir ${CMAKE_CURRENT_LIST_DIR})
set(proto_out ${CMAKE_BINARY_DIR}/generated/milvus_proto)
file(MAKE_DIRECTORY ${proto_out})

list(TRANSFORM proto_names PREPEND mbk/ OUTPUT_VARIABLE proto_inputs)
list(TRANSFORM proto_inputs APPEND .proto)
list(TRANSFORM proto_names PREPEND ${proto_dir}/ OUTPUT_VARIABLE proto_files)
list(TRANSFORM proto_files APPEND .proto)
foreach(name IN LISTS proto_names)
  list(APPEND proto_sources ${proto_out}/mbk/${name}.pb.cc)
  list(APPEND proto_headers ${proto_out}/mbk/${name}.pb.h)
endforeach()
list(APPEND proto_sources ${proto_out}/mbk/milvus.grpc.pb.cc)
list(APPEND proto_headers ${proto_out}/mbk/milvus.grpc.pb.h)

add_custom_command(
  OUTPUT ${proto_sources} ${proto_headers}
  COMMAND protobuf::protoc -Imbk=${proto_dir} --cpp_out=${proto_out} ${proto_inputs}
  COMMAND protobuf::protoc -Imbk=${proto_dir} --grpc_out=${proto_out}
          --plugin=protoc-gen-grpc=${GRPC_CPP_PLUGIN} mbk/milvus.proto
  DEPENDS ${proto_files}
  COMMENT "Generating the Milvus protocol"
  VERBATIM)

add_library(mbk_milvus_proto STATIC ${proto_sources} ${proto_headers})
target_include_directories(mbk_milvus_proto SYSTEM PUBLIC ${proto_out})
target_link_libraries(mbk_milvus_proto PUBLIC gRPC::grpc++ protobuf::libprotobuf)
target_compile_options(mbk_milvus_proto PRIVATE -w $<$<CONFIG:Release>:-O1>)

target_link_libraries(mbk_milvus PRIVATE mbk_milvus_proto)
if(TARGET mbk_milvus_test)
  target_link_libraries(mbk_milvus_test PRIVATE mbk_milvus_proto)
endif()

# The in-process server for tests of this layer and of those above.
if(MBK_TESTS)
  file(GLOB testing_sources CONFIGURE_DEPENDS ${proto_dir}/../testing/*.cc)
  add_library(mbk_milvus_testing STATIC EXCLUDE_FROM_ALL ${testing_sources})
  target_link_libraries(mbk_milvus_testing PUBLIC mbk_milvus PRIVATE mbk_milvus_proto)
endif()
