# chaac_web_assets(name folder): declares the STATIC library <name>, whose WebAssets()
# (src/http/web_assets.h) are the files of a built page. Other files in the folder rebuild it; a
# folder without a page fails the build of what links the library, and of nothing else.
function(chaac_web_assets name folder)
  set(source ${CMAKE_CURRENT_BINARY_DIR}/${name}.cc)
  set(script ${PROJECT_SOURCE_DIR}/script/lib/web_assets.py)
  file(GLOB_RECURSE files CONFIGURE_DEPENDS ${folder}/*)
  # The names are part of the command, so that one that is gone runs it again.
  string(REPLACE "${folder}/" "" names "${files}")
  add_custom_command(
    OUTPUT ${source}
    COMMAND /usr/bin/python3 ${script} ${folder} ${source} ${names}
    DEPENDS ${files} ${script}
    COMMENT "Embedding ${folder}"
    VERBATIM)
  add_library(${name} STATIC ${source})
  target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(
    ${name}
    PUBLIC chaac_sanitizers
    PRIVATE chaac_warnings chaac_hardening)
endfunction()
