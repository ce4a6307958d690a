# One static library a directory of src/, linked only to the directories it may use: the table of
# ARCHITECTURE.md, enforced by the linker here and by tests/layers_test.py on the #include lines.
#
#   mbk_layer(store USES net base LIBS PkgConfig::PUGIXML)
#
# takes every *.cc below src/store, keeps *_test.cc apart for the test binary mbk_store_test. APART names
# subdirectories whose sources (but not whose tests) are of another library. WAITS says that its time goes into
# waiting for servers and people, and its loops over bytes stand in the layers below: in a release it is compiled with
# -O1, in three quarters of the time, and for the sanitizers with -O0, in half of it.
#
# The checks of each pointer by UBSan take a third of the time to compile. Layers that wait, and tests, read no raw
# memory; what there is to see AddressSanitizer sees, too.
find_package(GTest QUIET)
set(MBK_FEWER_CHECKS "")
if(MBK_SANITIZE STREQUAL "address,undefined")
  set(MBK_FEWER_CHECKS -fno-sanitize=null,alignment,pointer-overflow,object-size,vptr)
endif()

function(mbk_layer name)
  cmake_parse_arguments(ARG "WAITS" "" "USES;LIBS;TEST_USES;TEST_LIBS;APART" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.cc)
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_test\\.cc$|/testing/")
  list(FILTER tests INCLUDE REGEX "_test\\.cc$|/testing/")
  foreach(directory ${ARG_APART})
    list(FILTER sources EXCLUDE REGEX "/src/${name}/${directory}/")
  endforeach()
  set(uses ${ARG_USES})
  list(TRANSFORM uses PREPEND mbk_)
  if(NOT sources)
    add_library(mbk_${name} INTERFACE)
    return()
  endif()
  mbk_joined(sources mbk_${name})
  add_library(mbk_${name} STATIC ${sources})
  target_include_directories(mbk_${name} PUBLIC ${CMAKE_SOURCE_DIR}/src)
  target_link_libraries(mbk_${name} PUBLIC ${uses} ${ARG_LIBS})
  if(ARG_WAITS)
    target_compile_options(mbk_${name} PRIVATE $<$<CONFIG:Release>:-O1> $<$<CONFIG:Debug>:-O0> ${MBK_FEWER_CHECKS})
  endif()
  if(MBK_TESTS AND tests)
    set(test_uses ${ARG_TEST_USES})
    list(TRANSFORM test_uses PREPEND mbk_)
    add_executable(mbk_${name}_test ${tests})
    # Most of the time to build goes into tests, and nothing is gained by making them fast.
    target_compile_options(mbk_${name}_test PRIVATE -O0 ${MBK_FEWER_CHECKS})
    target_link_libraries(mbk_${name}_test PRIVATE mbk_${name} ${test_uses} ${ARG_TEST_LIBS} GTest::gmock GTest::gtest_main)
    # Tests read recorded data by paths relative to the root of the checkout.
    add_test(NAME ${name} COMMAND mbk_${name}_test WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  endif()
endfunction()
