"""The pure heart: values in, values out. No I/O, no clock, no randomness, standard library only."""
