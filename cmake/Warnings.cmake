# chaac_warnings: every warning the code is held to, as errors.
# Designated initialisers leave the other members to their defaults: that is their point, and no
# missing initialiser.
add_library(chaac_warnings INTERFACE)
target_compile_options(
  chaac_warnings
  INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast
            -Wnon-virtual-dtor -Woverloaded-virtual -Wimplicit-fallthrough -Wformat=2
            -Wno-missing-field-initializers -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # -Wrestrict misreports on std::string at -O2 in GCC 12 (GCC bug 105329).
  target_compile_options(chaac_warnings INTERFACE -Wduplicated-cond -Wduplicated-branches
                                                  -Wlogical-op -Wno-restrict)
endif()
