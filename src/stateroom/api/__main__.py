"""`python -m stateroom.api`."""

from stateroom.api.main import main

main()
