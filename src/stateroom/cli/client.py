"""The API's client: one call, one answer or one Failure that says what to do.

It retries nothing by itself, with one exception: a POST with an Idempotency-Key whose
connection broke is sent again, since the API answers it as it did, or would have.
"""

from __future__ import annotations

import contextlib
import ssl
import time
from collections.abc import Iterator, Mapping
from typing import Any

import httpx

from stateroom.cli.failure import Code, Failure, Unreachable, problems_in
from stateroom.cli.target import API_PREFIX, Target, is_localhost_name

ANSWER_SECONDS = 30.0
"""How long an answer may take, besides what the call itself asks the API to wait."""

STREAM_SILENCE_SECONDS = 60.0
"""The API sends a comment every 15 s: a stream that is silent for longer is dead."""

RESTART_SECONDS = 5.0
"""How long an api that was restarted may be away before a repeated call gives up."""


class Api:
    """Calls of one command. Not for threads."""

    def __init__(self, target: Target, prefix: str = API_PREFIX) -> None:
        self.target = target
        self._http = httpx.Client(
            base_url=target.url + prefix,
            headers={"Authorization": f"Bearer {target.key}", "User-Agent": "stateroom-cli"},
            timeout=httpx.Timeout(ANSWER_SECONDS, connect=5.0),
            transport=_LocalhostTransport(target),
        )

    def close(self) -> None:
        self._http.close()

    def get(self, path: str, *, patience: float = 0.0, **params: Any) -> Any:
        """patience: seconds that the API itself may take before it answers."""
        timeout = httpx.Timeout(ANSWER_SECONDS + patience, connect=5.0)
        return self._call("GET", path, params=_given(params), timeout=timeout)

    def get_object(self, path: str, **params: Any) -> Mapping[str, Any]:
        """The same where the contract says that one thing is answered."""
        return self._object(self.get(path, **params))

    def get_text(self, path: str, **params: Any) -> str:
        """The answer as plain text, for people."""
        answer = self._call(
            "GET", path, params=_given(params), headers={"Accept": "text/plain"}, text=True
        )
        return str(answer or "")

    def post(self, path: str, body: Any = None, *, idempotency_key: str = "") -> Any:
        if not idempotency_key:
            return self._call("POST", path, json=body)
        return self._repeat_until_answered(path, body, idempotency_key)

    def patch(self, path: str, body: Any, *, generation: int | None = None) -> Any:
        headers = {"If-Match": f'"{generation}"'} if generation is not None else {}
        return self._call("PATCH", path, json=body, headers=headers)

    def put(self, path: str, body: Any) -> Any:
        return self._call("PUT", path, json=body)

    def send_document(self, method: str, path: str, text: str, media: str) -> Mapping[str, Any]:
        """A document as it was written: the API alone decides what it means."""
        headers = {"Content-Type": media}
        return self._object(self._call(method, path, content=text.encode(), headers=headers))

    def delete(self, path: str, **params: Any) -> Any:
        return self._call("DELETE", path, params=_given(params))

    @contextlib.contextmanager
    def stream(self, path: str, accept: str, last_id: str = "", **params: Any) -> Iterator[Stream]:
        """Lines as they come. Raises Unreachable when the connection breaks."""
        headers = {"Accept": accept, **({"Last-Event-ID": last_id} if last_id else {})}
        timeout = httpx.Timeout(STREAM_SILENCE_SECONDS, connect=5.0)
        with (
            self._reporting(),
            self._http.stream(
                "GET", path, params=_given(params), headers=headers, timeout=timeout
            ) as response,
        ):
            if not response.is_success:
                response.read()
                raise _refusal(response)
            yield Stream(_media_type(response), _lines(response.iter_bytes()))

    def _repeat_until_answered(self, path: str, body: Any, key: str) -> Any:
        deadline = time.monotonic() + RESTART_SECONDS
        while True:
            try:
                return self._call("POST", path, json=body, headers={"Idempotency-Key": key})
            except Unreachable as failure:
                # Only a connection that was there and broke may have been heard by the API.
                broke = isinstance(failure.__cause__, httpx.NetworkError | httpx.ProtocolError)
                never_heard = isinstance(failure.__cause__, httpx.ConnectError)
                if not broke or never_heard or time.monotonic() > deadline:
                    raise
                time.sleep(0.5)

    def _call(self, method: str, path: str, *, text: bool = False, **options: Any) -> Any:
        with self._reporting():
            response = self._http.request(method, path, **options)
        if not response.is_success:
            raise _refusal(response)
        if text or not response.content:
            return response.text if response.content else None
        try:
            return response.json()
        except ValueError:
            raise self._other_program() from None

    def _object(self, answer: Any) -> Mapping[str, Any]:
        if not isinstance(answer, dict):
            raise self._other_program()
        return answer

    def _other_program(self) -> Failure:
        return Failure(
            f"What answers at {self.target.url} is not Stateroom's API: check STATEROOM_URL."
        )

    @contextlib.contextmanager
    def _reporting(self) -> Iterator[None]:
        try:
            yield
        except httpx.ConnectError as error:
            raise Unreachable(_not_there(self.target, error)) from error
        except httpx.TimeoutException as error:
            raise Unreachable(
                f"Stateroom at {self.target.url} did not answer in time. `stateroom status` or "
                "`stateroom doctor` says more; repeat the command."
            ) from error
        except httpx.TransportError as error:
            raise Unreachable(
                f"The connection to Stateroom at {self.target.url} broke. Repeat the command."
            ) from error


def _lines(parts: Iterator[bytes]) -> Iterator[str]:
    """Split at newlines alone: a log line may hold any other separator."""
    rest = b""
    for part in parts:
        *whole, rest = (rest + part).split(b"\n")
        for line in whole:
            yield line.decode(errors="replace")
    if rest:
        yield rest.decode(errors="replace")


class Stream:
    """media_type: what the API chose to send. lines: without their newline."""

    def __init__(self, media_type: str, lines: Iterator[str]) -> None:
        self.media_type = media_type
        self.lines = lines


class _LocalhostTransport(httpx.BaseTransport):
    """Browsers and curl know that `console.localhost` is this machine; Python's resolver does
    not. The name stays in Host and in the TLS handshake, only the address is given."""

    def __init__(self, target: Target) -> None:
        # Proxies of the environment are for other machines: the key never goes through one to
        # reach this one.
        proxy = None if target.is_local else _proxy(target.url)
        verify = _trust(target) if target.url.startswith("https:") else True
        self._inner = httpx.HTTPTransport(verify=verify, proxy=proxy)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        host = request.url.host
        if is_localhost_name(host):
            request.extensions = {**request.extensions, "sni_hostname": host}
            request.url = request.url.copy_with(host="127.0.0.1")
        return self._inner.handle_request(request)

    def close(self) -> None:
        self._inner.close()


def _trust(target: Target) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if target.ca.is_file():
        try:
            context.load_verify_locations(cafile=str(target.ca))
        except (OSError, ssl.SSLError) as error:
            raise Failure(
                f"{target.ca} is not a certificate that can be read. Bring it back from a backup; "
                "`stateroom up` says what else can be done."
            ) from error
    return context


def _proxy(url: str) -> str | None:
    from urllib.parse import urlsplit
    from urllib.request import getproxies, proxy_bypass

    parts = urlsplit(url)
    if proxy_bypass(parts.hostname or ""):
        return None
    return getproxies().get(parts.scheme)


def _not_there(target: Target, error: httpx.ConnectError) -> str:
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return (
            f"The certificate of {target.url} is not trusted: {target.ca} should be the CA that "
            "signed it. Set STATEROOM_HOME, or copy the installation's ca.pem there."
        )
    return (
        f"Stateroom does not answer at {target.url}. `scripts/up` (in a checkout) or `stateroom "
        "up` starts it; STATEROOM_URL names another address."
    )


def _refusal(response: httpx.Response) -> Failure:
    answer = _problem_document(response)
    code = {404: Code.NOT_FOUND, 422: Code.USAGE}.get(response.status_code, Code.FAILED)
    if answer is None:
        where = f"{response.request.method} {response.request.url.path}"
        message = f"{where} was answered with {response.status_code}, not by Stateroom's API. "
        return Failure(message + "Check STATEROOM_URL.")
    problems = problems_in(answer)
    return Failure(_sentence(response, answer, len(problems)), code, problems, answer)


def _sentence(response: httpx.Response, answer: Mapping[str, Any], problems: int) -> str:
    if problems:
        # The problems follow, each on a line of its own: the api's summary would repeat them.
        return f"Not accepted: {problems} problem{'s' if problems > 1 else ''}."
    message = str(answer.get("detail") or answer.get("title") or "Refused.")
    if response.status_code == 401 and "STATEROOM_KEY" not in message:
        message += " The key comes from STATEROOM_KEY, else from $STATEROOM_HOME/admin.key."
    wait = response.headers.get("Retry-After", "")
    if wait.isdigit() and "try again" not in message.lower():
        message += f" Try again in {wait} s."
    return message


def _problem_document(response: httpx.Response) -> dict[str, Any] | None:
    if not _media_type(response).endswith("json"):
        return None
    try:
        answer = response.json()
    except ValueError:
        return None
    return answer if isinstance(answer, dict) else None


def _media_type(response: httpx.Response) -> str:
    return str(response.headers.get("Content-Type", "")).partition(";")[0].strip().lower()


def _given(params: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in params.items() if value is not None}
