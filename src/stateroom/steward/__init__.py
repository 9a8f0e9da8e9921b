"""The steward: the process that runs the loop. The only one with the engine and the keys."""
