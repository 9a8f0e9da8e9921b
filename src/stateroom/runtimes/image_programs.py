"""Programs of the host that take part in a build: what they write is either what was asked for
or what is told when they fail."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field

from stateroom.runtimes.image_inputs import ImageError

_TAIL_LINES = 15


@dataclass(slots=True)
class Programs:
    """tail: the last lines that anybody wrote, for whoever has to tell of a failure."""

    tail: deque[str] = field(default_factory=lambda: deque(maxlen=_TAIL_LINES))

    async def output_of(self, command: Sequence[str]) -> AsyncGenerator[bytes, None]:
        """What a program writes; raises ImageError if it fails, after its last byte."""
        process = await asyncio.create_subprocess_exec(
            *command, stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert process.stdout and process.stderr
        listening = asyncio.create_task(self._listen(process.stderr))
        try:
            while block := await process.stdout.read(1 << 18):
                yield block
            await listening
            if code := await process.wait():
                raise ImageError(f"{command[0]} ended with exit code {code}")
        finally:
            listening.cancel()
            if process.returncode is None:
                process.terminate()
                await process.wait()

    async def run(self, command: Sequence[str]) -> None:
        """Raises ImageError if it fails."""
        async for block in self.output_of(command):
            self.tail.extend(block.decode(errors="replace").splitlines())

    async def _listen(self, stream: asyncio.StreamReader) -> None:
        async for line in stream:
            self.tail.append(line.decode(errors="replace").rstrip())
