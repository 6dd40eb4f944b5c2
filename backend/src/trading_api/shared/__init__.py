"""What every module may build on: settings, clock, simulated market, module registry."""
