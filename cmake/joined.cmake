# Sources compiled several at a time. Half of what a source takes to compile is the headers that its neighbours
# read too, and templates that they instantiate too: joined, the program takes a third of the processor's time.
# For who builds once (MBK_JOINED, all presets but dev). Whoever edits one source compiles that one with
# preset dev.
#
#   mbk_joined(sources mbk_store)      replaces the sources listed in the variable by joined ones
#
# CMake's own UNITY_BUILD writes absolute paths, with which ccache knows no second checkout. Sources that are
# joined share their anonymous namespaces: two helpers of one name are an error of the compiler, and one of
# them is called something more exact, or moves to where both can use it.
#
# Where one joined source ends is told by the names of its sources, not by their number: a new one changes the
# joined source that it comes into, and the cache knows all others.
option(MBK_JOINED "compile several sources at a time" OFF)
set(MBK_JOINED_MOST 16)

# GCC takes what is included for a header, in which the member of a class must not be of a file's own type.
set(MBK_JOINED_HEAD "#ifndef __clang__\n#pragma GCC diagnostic ignored \"-Wsubobject-linkage\"\n#endif\n")

# One in ten names is the last of its joined source.
function(mbk_ends_joined variable path)
  string(MD5 hash ${path})
  if(hash MATCHES "^(0|1[0-9])")
    set(${variable} TRUE PARENT_SCOPE)
  else()
    set(${variable} FALSE PARENT_SCOPE)
  endif()
endfunction()

function(mbk_joined variable target)
  if(NOT MBK_JOINED)
    return()
  endif()
  set(directory ${CMAKE_BINARY_DIR}/joined)
  set(result)
  set(text)
  set(count 0)
  list(SORT ${variable})
  foreach(source ${${variable}} END)
    set(ends TRUE)
    if(NOT source STREQUAL END)
      file(RELATIVE_PATH path ${CMAKE_SOURCE_DIR}/src ${source})
      if(count EQUAL 0)
        string(REGEX REPLACE "[^A-Za-z0-9]" "_" first ${path})
      endif()
      string(APPEND text "#include \"${path}\"\n")
      math(EXPR count "${count} + 1")
      mbk_ends_joined(ends ${path})
    endif()
    if(count EQUAL MBK_JOINED_MOST OR (ends AND count GREATER 0))
      set(file ${directory}/${target}/${first}.cc)
      file(CONFIGURE OUTPUT ${file} CONTENT "${MBK_JOINED_HEAD}${text}" @ONLY)
      list(APPEND result ${file})
      set(count 0)
      set(text)
    endif()
  endforeach()
  set(${variable} ${result} PARENT_SCOPE)
endfunction()
