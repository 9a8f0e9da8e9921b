"""Every test here runs against the one shared installation."""

from __future__ import annotations

from tests.e2e.shared import stateroom

__all__ = ["stateroom"]
