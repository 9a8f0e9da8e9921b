"""The command line: a client of the HTTP API. Only `up`, `down` and `doctor` reach further."""
