// Serve: `chaac serve`, from start to stop.
#pragma once

#include "app/config.h"
#include "app/stop_signals.h"

namespace chaac {

// Serves until a stop signal, then drains. Returns the process's exit status. Throws std::exception
// when the server cannot start, with a sentence for the operator.
int Serve(const Config& config, const StopSignals& stop_signals);

}  // namespace chaac
