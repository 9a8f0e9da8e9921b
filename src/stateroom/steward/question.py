"""One question to a runtime: has it started, and which content does it act on?

OpenClaw's `/startupz` says 200 once its parts have settled (docs/gateway/health.md in its npm
package); behind a trusted proxy it answers only with a client address forwarded. Each of its
answers has a header whose value stands in its config (`runtimes.openclaw`), and OpenClaw sends
the value of the config that is in effect at that moment: so a content names itself.

The tenant owns what answers, and can fool only its own status: the head of one answer is read,
within the client's bounds and a deadline, and nothing of its body; of the head a status and one
header count, and that header is compared and never shown.
"""

from __future__ import annotations

from dataclasses import dataclass

import aiohttp

from stateroom.domain.cabin import AGENT_PORT
from stateroom.runtimes.openclaw import MARK_HEADER, acting_on

PATH = "/startupz"
HEADERS = {"X-Forwarded-For": "203.0.113.1"}
"""An address for documentation (RFC 5737): OpenClaw refuses to take us for the client."""

TIMEOUT = 3.0


@dataclass(frozen=True, slots=True)
class Answer:
    """problem: "" when it has started, else why not. content: the mark of what it acts on, ""
    where it named none, None where it said nothing at all."""

    problem: str
    content: str | None = None


class Questioner:
    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def ask(self, address: str) -> Answer:
        url = f"http://{address}:{AGENT_PORT}{PATH}"
        try:
            async with self._client().get(url, headers=HEADERS, allow_redirects=False) as answer:
                problem = "" if answer.status == 200 else f"{PATH} answered {answer.status}"
                return Answer(problem, acting_on(answer.headers.get(MARK_HEADER, "")))
        except TimeoutError:
            return Answer(f"{PATH} did not answer within {TIMEOUT:.0f} s")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return Answer(f"{PATH} cannot be reached ({type(error).__name__})")

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=TIMEOUT),
                # One cabin's slow answers hold up no other's; no cookie of a tenant is kept.
                connector=aiohttp.TCPConnector(limit=0, force_close=True),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session
