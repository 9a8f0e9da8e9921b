"""A changed value: from `PATCH` of model and prompt to the first answer that has both.

The tenant is asked over and over, as its customers would; nobody waits for `ready`. The runtime
must not restart: its process has the same start time before and after.

Target: 2 s.

    scripts/bench value_change       needs a running installation with the tenant acme
"""

from __future__ import annotations

import statistics
import subprocess
import time

from bench._installation import Running
from bench._machine import machine
from bench._report import report

SLUG = "acme"
TIMES = 8


def main() -> None:
    running = Running()
    head = machine()
    before = running.api("GET", f"/tenants/{SLUG}")
    token = running.token(SLUG)
    running.chat(SLUG, token)
    started = starts(running)
    figures = [change(running, token, number) for number in range(TIMES)]
    restarted = starts(running) != started
    own = before["own_values"]
    running.api(
        "PATCH", f"/tenants/{SLUG}",
        {"values": {name: own.get(name) for name in ("model", "prompt")}},
    )  # fmt: skip
    shown = " ".join(f"{figure:.2f}" for figure in figures)
    report(
        "value_change",
        [
            head,
            "",
            f"PATCH of model and prompt to the first answer with both, {TIMES} times",
            f"median {statistics.median(figures):.2f} s  max {max(figures):.2f} s  (target: 2 s)",
            f"each: {shown}",
            f"restarted: {'yes' if restarted else 'no'}",
        ],
    )


def change(running: Running, token: str, number: int) -> float:
    """Each question takes as long as a chat does, and that is in the figure."""
    model, prompt = f"bench-model-{number}", f"This is prompt number {number}."
    began = time.monotonic()
    running.api("PATCH", f"/tenants/{SLUG}", {"values": {"model": model, "prompt": prompt}})
    while True:
        answer = running.chat(SLUG, token)
        if model in answer and prompt in answer:
            return time.monotonic() - began
        if time.monotonic() - began > 60:
            raise RuntimeError("the change was not answered within a minute")


def starts(running: Running) -> str:
    """When each agent's container of this installation was started."""
    import json

    known = json.loads((running.settings.home / "installation.json").read_text())["id"]
    label = f"label=stateroom.installation=st{known}"
    words = ["docker", "ps", "-q", "--filter", label, "--filter", "label=stateroom.role=agent"]
    ids = subprocess.run(words, check=True, capture_output=True, text=True).stdout.split()
    words = ["docker", "inspect", "--format", "{{.Name}} {{.State.StartedAt}}", *sorted(ids)]
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    main()
