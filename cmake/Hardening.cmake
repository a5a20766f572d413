# chaac_hardening: the OpenSSF compiler hardening options. Two belong to the release build alone:
# _FORTIFY_SOURCE needs optimisation and clashes with the sanitizers, and GCC 12 reports variables as
# uninitialised that -ftrivial-auto-var-init is about to initialise when it also sanitizes.
add_library(chaac_hardening INTERFACE)
target_compile_definitions(chaac_hardening INTERFACE _GLIBCXX_ASSERTIONS)
target_compile_options(chaac_hardening INTERFACE -fstack-protector-strong -fstack-clash-protection)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64")
  target_compile_options(chaac_hardening INTERFACE -fcf-protection=full)
endif()
target_link_options(chaac_hardening INTERFACE -pie -Wl,-z,relro,-z,now,-z,noexecstack)
if(CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo")
  target_compile_options(chaac_hardening INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3
                                                   -ftrivial-auto-var-init=zero)
endif()
