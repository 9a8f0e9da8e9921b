"""Names of the images that we build, for whoever only speaks of them."""

POSTGRESQL = "stateroom/postgresql:15"
