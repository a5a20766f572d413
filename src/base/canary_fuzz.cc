// A fuzzer with a planted fault, to show that fuzzing as it is run here finds faults at all: it
// must fail.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text;
  if (size != 0) text = std::string_view(reinterpret_cast<const char*>(data), size);
  if (text.substr(0, 4) == "rain") std::abort();
  return 0;
}
