"""What the api answers about usage."""

from __future__ import annotations

from pydantic import BaseModel


class UsageNow(BaseModel):
    """Of the whole cabin: the agent and the services beside it. pids: processes and threads.
    requests_per_minute: let through in the last minute, as the limit counts them."""

    cpu_cores: float
    memory_mb: float
    disk_mb: float
    pids: int
    requests_per_minute: int


class UsageDay(BaseModel):
    date: str
    requests: int
    input_tokens: int
    output_tokens: int
    cost_usd: float


class UsageOut(BaseModel):
    now: UsageNow
    days: list[UsageDay]
