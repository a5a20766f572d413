// `chaac health`: asks the admin port of a running server how it is, for container health checks.
#pragma once

#include "http/server.h"

namespace chaac {

// Prints the answer. 0: it is well (or with `ready`, gets traffic). 1: it is not, or does not
// answer within two seconds.
int HealthCommand(const ListenAddress& admin, bool ready);

}  // namespace chaac
