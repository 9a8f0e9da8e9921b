"""``python -m stateroom.guard``: see main.py."""

from stateroom.guard.main import main

raise SystemExit(main())
