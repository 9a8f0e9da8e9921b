"""The guard: the firewall around all cabins, and the process that keeps it in place."""
