// Serve: `chaac serve`, from start to stop.
#pragma once

#include <span>

#include "app/config.h"
#include "app/stop_signals.h"
#include "http/web_assets.h"

namespace chaac {

// Serves until a stop signal, then drains; `assets` are the page. Returns the process's exit
// status. Throws std::exception when the server cannot start, with a sentence for the operator.
int Serve(const Config& config, std::span<const WebAsset> assets, const StopSignals& stop_signals);

// `chaac load`: puts the function library into the store, and says so. Returns the exit status.
int LoadLibrary(const Config& config);

}  // namespace chaac
