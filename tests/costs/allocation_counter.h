// Counts what the process allocates: a program that links this has malloc() and its kin of its own,
// which count and hand on to the C library's. C libraries (hiredis, simdjson) and operator new come
// here, too. Counting is thread-safe; the rest is for one thread. glibc alone, and no sanitizers,
// which have a malloc() of their own.
#pragma once

#include <cstdint>
#include <string>

namespace chaac {

// Allocations so far, but for those of threads that were left out.
std::uint64_t AllocationCount();

// From now on the calling thread's allocations are not counted: those of a test itself.
void LeaveThisThreadOut();

// From now on the call stacks of the first few counted allocations are kept.
void KeepCallers();

// Those call stacks, one function a line. Addresses without a name are for addr2line.
std::string Callers();

}  // namespace chaac
