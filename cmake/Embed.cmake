# chaac_embed(target variable file)
#
# Compiles the bytes of `file` into `target`, whose code reaches them through
#   namespace chaac { extern const std::string_view variable; }
# Any bytes, any size: a literal with every byte as \xHH, which compilers read much faster than a list
# of integers. Changing the file rebuilds it. Run as a script, this file writes the source.
if(CMAKE_SCRIPT_MODE_FILE)
  file(READ ${INPUT} bytes HEX)
  string(REPEAT "[0-9a-f]" 64 line)
  string(REGEX REPLACE "(${line})" "\\1\"\n    \"" bytes "${bytes}")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "\\\\x\\1" bytes "${bytes}")
  get_filename_component(name ${INPUT} NAME)
  file(
    WRITE ${OUTPUT}
    "// The bytes of ${name}. Written by cmake/Embed.cmake.
#include <string_view>

#pragma GCC diagnostic ignored \"-Woverlength-strings\"  // The standard asks for 65,536 bytes at least.

namespace chaac {

extern const std::string_view ${VARIABLE};

static constexpr char kBytes[] =
    \"${bytes}\";
constinit const std::string_view ${VARIABLE}(kBytes, sizeof(kBytes) - 1);

}  // namespace chaac
")
  return()
endif()

set(CHAAC_EMBED_SCRIPT ${CMAKE_CURRENT_LIST_FILE})

function(chaac_embed target variable file)
  set(source ${CMAKE_CURRENT_BINARY_DIR}/embedded/${variable}.cc)
  add_custom_command(
    OUTPUT ${source}
    COMMAND ${CMAKE_COMMAND} -DINPUT=${file} -DOUTPUT=${source} -DVARIABLE=${variable} -P
            ${CHAAC_EMBED_SCRIPT}
    DEPENDS ${file} ${CHAAC_EMBED_SCRIPT}
    COMMENT "Embedding ${file}"
    VERBATIM)
  target_sources(${target} PRIVATE ${source})
endfunction()
