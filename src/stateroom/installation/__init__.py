"""What `stateroom up` makes of a machine: the home, the keys, our own parts."""
