"""What our own parts take when nothing happens, with two tenants.

Memory twice: as the engine counts it for each container (without page cache), and as the sum of
the processes' proportional set size, in which a page that two of them share counts once. CPU over
a minute, from the processes' own times.

Targets: 250 MiB, 2 % of a core.

    scripts/bench parts_idle         needs a running installation with two tenants
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path

from bench._installation import Running
from bench._machine import machine
from bench._report import report

MINUTE = 60.0


def main() -> None:
    running = Running()
    head = machine()
    known = json.loads((running.settings.home / "installation.json").read_text())["id"]
    label = f"label=stateroom.installation=st{known}"
    names = docker("ps", "--filter", label, "--filter", "label=stateroom.part",
                   "--format", "{{.Names}}").split()  # fmt: skip
    processes = {name: pids(name) for name in names}
    before = {name: ticks(found) for name, found in processes.items()}
    time.sleep(MINUTE)
    after = {name: ticks(found) for name, found in processes.items()}
    lines = [head, "", f"{'part':<14}{'engine MiB':>12}{'PSS MiB':>10}{'RSS MiB':>10}{'CPU %':>8}"]
    totals = [0.0, 0.0, 0.0, 0.0]
    for name in sorted(names):
        figures = [
            engine_mib(name),
            sum(memory(pid, "Pss") for pid in processes[name]),
            sum(memory(pid, "Rss") for pid in processes[name]),
            (after[name] - before[name]) / os.sysconf("SC_CLK_TCK") / MINUTE * 100,
        ]
        totals = [a + b for a, b in zip(totals, figures, strict=True)]
        lines.append(row(name, figures))
    lines += [row("together", totals), f"{'target':<14}{'250':>12}{'':>20}{'2':>8}"]
    tenants = running.api("GET", "/status")["tenants"]["phases"]
    lines.append(f"tenants: {json.dumps(tenants)}")
    report("parts_idle", lines)


def row(name: str, figures: list[float]) -> str:
    engine, pss, rss, cpu = figures
    return f"{name:<14}{engine:>12.1f}{pss:>10.1f}{rss:>10.1f}{cpu:>8.2f}"


def docker(*words: str) -> str:
    done = subprocess.run(("docker", *words), check=True, capture_output=True, text=True)
    return done.stdout


def pids(name: str) -> list[int]:
    return [int(line) for line in docker("top", name, "-eo", "pid").split()[1:]]


def ticks(found: list[int]) -> int:
    total = 0
    for pid in found:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total


def memory(pid: int, what: str) -> float:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith(f"{what}:"):
            return int(line.split()[1]) / 1024
    return 0.0


def engine_mib(name: str) -> float:
    used = docker("stats", "--no-stream", "--format", "{{.MemUsage}}", name).split()[0]
    for unit, factor in (("GiB", 1024.0), ("MiB", 1.0), ("KiB", 1 / 1024), ("B", 1 / 2**20)):
        if used.endswith(unit):
            return float(used.removesuffix(unit)) * factor
    raise ValueError(used)


if __name__ == "__main__":
    main()
