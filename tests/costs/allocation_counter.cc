// The program's own malloc(): the dynamic linker takes it for every library of the process.
#include "tests/costs/allocation_counter.h"

#include <cxxabi.h>
#include <dlfcn.h>
#include <execinfo.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <set>
#include <sstream>

// glibc's own, under the names that it exports for this.
extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* old, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);
}

namespace chaac {
namespace {

constexpr std::size_t kStacksMax = 64;
constexpr int kStackDepthMax = 24;
constexpr int kOwnFrames = 3;  // KeepStack(), Count(), malloc().

struct CallStack {
  std::array<void*, kStackDepthMax> addresses{};
  int depth = 0;
};

std::atomic<std::uint64_t> allocation_count{0};
std::array<CallStack, kStacksMax> stacks;
std::atomic<std::size_t> stacks_taken{kStacksMax};  // Of `stacks`; from kStacksMax on none is kept.
thread_local bool left_out = false;

void KeepStack() {
  const std::size_t index = stacks_taken.fetch_add(1);
  if (index >= kStacksMax) return;
  left_out = true;  // backtrace() may allocate, too.
  stacks[index].depth = backtrace(stacks[index].addresses.data(), kStackDepthMax);
  left_out = false;
}

void Count() {
  if (left_out) return;
  allocation_count.fetch_add(1, std::memory_order_relaxed);
  if (stacks_taken.load(std::memory_order_relaxed) < kStacksMax) KeepStack();
}

void* Aligned(std::size_t alignment, std::size_t size) {
  Count();
  return __libc_memalign(alignment, size);
}

std::string NameOf(void* address) {
  std::ostringstream name;
  Dl_info info{};
  if (dladdr(address, &info) == 0) {
    name << address;
  } else if (info.dli_sname == nullptr) {
    const auto offset = static_cast<char*>(address) - static_cast<char*>(info.dli_fbase);
    name << info.dli_fname << "+0x" << std::hex << offset;
  } else {
    int status = 0;
    const std::unique_ptr<char, decltype(&std::free)> demangled(
        abi::__cxa_demangle(info.dli_sname, nullptr, nullptr, &status), &std::free);
    name << (status == 0 ? demangled.get() : info.dli_sname);
  }
  return name.str();
}

}  // namespace

std::uint64_t AllocationCount() { return allocation_count.load(std::memory_order_relaxed); }

void LeaveThisThreadOut() { left_out = true; }

void KeepCallers() { stacks_taken = 0; }

std::string Callers() {
  std::set<std::string> distinct;
  const std::size_t kept = std::min(stacks_taken.exchange(kStacksMax), kStacksMax);
  for (std::size_t i = 0; i < kept; ++i) {
    std::string text;
    for (int frame = kOwnFrames; frame < stacks[i].depth; ++frame) {
      text += "  " + NameOf(stacks[i].addresses[static_cast<std::size_t>(frame)]) + "\n";
    }
    distinct.insert(text);
  }
  std::string all;
  for (const std::string& text : distinct) all += "allocated by\n" + text;
  return all;
}

}  // namespace chaac

extern "C" {

void* malloc(std::size_t size) noexcept {
  chaac::Count();
  return __libc_malloc(size);
}

void* calloc(std::size_t count, std::size_t size) noexcept {
  chaac::Count();
  return __libc_calloc(count, size);
}

void* realloc(void* old, std::size_t size) noexcept {
  chaac::Count();
  return __libc_realloc(old, size);
}

void* memalign(std::size_t alignment, std::size_t size) noexcept {
  return chaac::Aligned(alignment, size);
}

void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept {
  return chaac::Aligned(alignment, size);
}

int posix_memalign(void** out, std::size_t alignment, std::size_t size) noexcept {
  *out = chaac::Aligned(alignment, size);
  return *out == nullptr ? ENOMEM : 0;
}

}  // extern "C"
