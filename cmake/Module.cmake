# chaac_module(name SOURCES … DEPENDS … [TESTS …] [FUZZERS …])
#
# Declares the STATIC library chaac_<name> of one folder under src/, its unit tests as one program
# <name>_test, and a libFuzzer program for each file in FUZZERS. TEST_DEPENDS adds libraries to the
# tests alone.
function(chaac_module name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS;TESTS;TEST_DEPENDS;FUZZERS" ${ARGN})
  add_library(chaac_${name} STATIC ${ARG_SOURCES})
  target_include_directories(chaac_${name} PUBLIC ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(
    chaac_${name}
    PUBLIC ${ARG_DEPENDS} chaac_sanitizers
    PRIVATE chaac_warnings chaac_hardening)
  if(CHAAC_BUILD_TESTS AND ARG_TESTS)
    add_executable(${name}_test ${ARG_TESTS})
    target_link_libraries(${name}_test PRIVATE chaac_${name} ${ARG_TEST_DEPENDS} chaac_warnings
                                               chaac_hardening GTest::gtest_main GTest::gmock)
    gtest_discover_tests(${name}_test PROPERTIES LABELS unit TIMEOUT 300)
  endif()
  if(CHAAC_BUILD_FUZZERS)
    foreach(source ${ARG_FUZZERS})
      get_filename_component(program ${source} NAME_WE)
      add_executable(${program} ${source})
      target_link_libraries(${program} PRIVATE chaac_${name} chaac_warnings chaac_hardening)
      target_link_options(${program} PRIVATE -fsanitize=fuzzer)
      set_target_properties(${program} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
    endforeach()
  endif()
endfunction()
