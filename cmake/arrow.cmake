# Apache Arrow and Parquet C++, as the targets Arrow::arrow_shared and Parquet::parquet_shared: those of an
# installed package (Apache's own apt repository, Homebrew, vcpkg), else the libraries that
# testing/install_arrow has unpacked. Only the codec library may link them.
#
# MBK_ARROW_FILES is what must lie beside the codec library wherever the program goes: nothing when the
# system's loader finds Arrow by itself.
set(MBK_ARROW_FILES "")
find_package(Parquet CONFIG QUIET)
if(NOT TARGET Parquet::parquet_shared)
  execute_process(COMMAND bash -c ". testing/servers/lib.sh && printf %s \"$MBK_TOOLS/$ARROW_DIRECTORY\""
                  WORKING_DIRECTORY ${CMAKE_SOURCE_DIR} OUTPUT_VARIABLE MBK_ARROW_HOME)
  foreach(name arrow parquet)
    set(link ${MBK_ARROW_HOME}/lib/lib${name}.so)
    if(NOT EXISTS ${link})
      message(FATAL_ERROR "Apache Arrow is neither installed nor in ${MBK_ARROW_HOME}: run testing/install_arrow")
    endif()
    file(REAL_PATH ${link} file)
    list(APPEND MBK_ARROW_FILES ${file})
    add_library(mbk_wheel_${name} SHARED IMPORTED GLOBAL)
    set_target_properties(mbk_wheel_${name} PROPERTIES IMPORTED_LOCATION ${file})
    target_include_directories(mbk_wheel_${name} SYSTEM INTERFACE ${MBK_ARROW_HOME}/include)
  endforeach()
  target_link_libraries(mbk_wheel_parquet INTERFACE mbk_wheel_arrow)
  add_library(Arrow::arrow_shared ALIAS mbk_wheel_arrow)
  add_library(Parquet::parquet_shared ALIAS mbk_wheel_parquet)
endif()
