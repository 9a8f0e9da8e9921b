"""HAProxy's runtime API: one command a connection, over a Unix socket.

A command with its payload must fit into one of HAProxy's buffers, hence LONGEST. The answer to
a command that went well is empty, unless it was a question.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from stateroom.errors import Retryable

LONGEST = 15_000
"""Bytes of a command with its payload; HAProxy's buffer has 16384, some kept back."""

SECONDS = 10.0


class RuntimeSocket:
    """Raises only Retryable: whoever is at the other end may be restarting."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def ask(self, command: str, payload: str = "") -> str:
        """The whole answer, without the blank line that ends it. payload: lines, none of them
        empty, each with its newline."""
        try:
            async with asyncio.timeout(SECONDS):
                answer = await self._exchange(command, payload)
        except TimeoutError:
            raise Retryable(f"The edge did not answer within {SECONDS:.0f} s.", 1.0) from None
        except OSError as error:
            raise Retryable(
                f"The edge's socket does not answer ({error.strerror or error}); is it running?",
                0.5,
            ) from None
        if not answer.endswith(b"\n"):
            raise Retryable("The edge broke off in the middle of an answer.", 0.5)
        try:
            return answer.decode().removesuffix("\n")
        except UnicodeDecodeError:
            raise Retryable("The edge's answer is not text.", 0.5) from None

    async def do(self, command: str, payload: str = "") -> None:
        """A command that answers nothing when it worked."""
        answer = (await self.ask(command, payload)).strip()
        if answer:
            raise _refused(command, answer)

    async def expect(self, word: str, command: str, payload: str = "") -> str:
        """A command whose answer has `word` in it when it worked."""
        answer = (await self.ask(command, payload)).strip()
        if word not in answer:
            raise _refused(command, answer)
        return answer

    async def _exchange(self, command: str, payload: str) -> bytes:
        reader, writer = await asyncio.open_unix_connection(str(self._path))
        try:
            text = f"{command} <<\n{payload}\n" if payload else f"{command}\n"
            writer.write(text.encode())
            await writer.drain()
            return await reader.read(-1)
        finally:
            writer.close()


def _refused(command: str, answer: str) -> Retryable:
    """Names the verb alone: what follows it is a path of this machine."""
    return Retryable(f"The edge refused to {command.partition(' /')[0]}: {answer[:200]}", 1.0)
