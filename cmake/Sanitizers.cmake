# chaac_sanitizers: what CHAAC_SANITIZE names, on every target; nothing when it is empty.
add_library(chaac_sanitizers INTERFACE)
if(CHAAC_SANITIZE)
  target_compile_options(chaac_sanitizers INTERFACE -fsanitize=${CHAAC_SANITIZE}
                                                    -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(chaac_sanitizers INTERFACE -fsanitize=${CHAAC_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # The sanitizers' own code makes GCC see uninitialised variables where there are none.
    target_compile_options(chaac_sanitizers INTERFACE -Wno-maybe-uninitialized)
  endif()
endif()
if(CHAAC_BUILD_FUZZERS)
  target_compile_options(chaac_sanitizers INTERFACE -fsanitize=fuzzer-no-link)
endif()
