"""A changed value: from `PATCH` of model and prompt to the first answer that has both.

In two ways. The tenant is asked over and over, as its customers would, and nobody waits for
`ready`: answers that still have the old values take the runtime's time, too. And it is asked once,
when `wait=ready` has been answered, as a program would that made the change. The runtime must not
restart: its process has the same start time before and after.

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
    busy = [asked_all_the_time(running, token, number) for number in range(TIMES)]
    quiet = [asked_once_ready(running, token, TIMES + number) for number in range(TIMES)]
    restarted = starts(running) != started
    own = before["own_values"]
    running.api(
        "PATCH", f"/tenants/{SLUG}",
        {"values": {name: own.get(name) for name in ("model", "prompt")}},
    )  # fmt: skip
    report(
        "value_change",
        [
            head,
            "",
            f"PATCH of model and prompt to the first answer with both, {TIMES} times",
            f"asked all the time  {shown(busy)}  (target: 2 s)",
            f"asked once ready    {shown([answered for _, answered in quiet])}  (target: 2 s)",
            f"  of that, ready    {shown([ready for ready, _ in quiet])}",
            f"restarted: {'yes' if restarted else 'no'}",
        ],
    )


def asked_all_the_time(running: Running, token: str, number: int) -> float:
    """Each question takes as long as a chat does, and that is in the figure."""
    values = {"model": f"bench-model-{number}", "prompt": f"This is prompt number {number}."}
    began = time.monotonic()
    running.api("PATCH", f"/tenants/{SLUG}", {"values": values})
    while True:
        answer = running.chat(SLUG, token)
        if all(value in answer for value in values.values()):
            return time.monotonic() - began
        if time.monotonic() - began > 60:
            raise RuntimeError("the change was not answered within a minute")


def asked_once_ready(running: Running, token: str, number: int) -> tuple[float, float]:
    """Seconds to `ready`, and to the answer, which is an error where it has the old values."""
    values = {"model": f"bench-model-{number}", "prompt": f"This is prompt number {number}."}
    began = time.monotonic()
    running.api("PATCH", f"/tenants/{SLUG}", {"values": values})
    running.api("GET", f"/tenants/{SLUG}?wait=ready&timeout=60")
    ready = time.monotonic() - began
    answer = running.chat(SLUG, token)
    if not all(value in answer for value in values.values()):
        raise RuntimeError("ready came before the runtime had taken over the change")
    return ready, time.monotonic() - began


def shown(figures: list[float]) -> str:
    return (
        f"median {statistics.median(figures):.2f} s  max {max(figures):.2f} s"
        f"  ({' '.join(f'{figure:.2f}' for figure in figures)})"
    )


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
