"""The wire protocol: frames, codec and topic keys. Pure: no I/O, no clock, no state."""
