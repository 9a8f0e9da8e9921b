"""The console's files: what its build has left in the package, served with a strict policy.

The files are listed once, at the start: a path is looked up and never followed, so there is nothing
to climb out of. Names with a digest in them are good for ever; everything else is asked for again,
and mostly answered with 304. What is no file is a page of the console's own router, but for names
that look like files: a script that is missing must not be answered with a page.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from stateroom.api.errors import problem
from stateroom.api.front import host_of
from stateroom.api.pages import page
from stateroom.settings import Settings

FOLDER = Path(__file__).parents[1] / "console"
_ASSETS = "assets/"
_PACKED = ".gz"
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".txt": "text/plain; charset=utf-8",
}


@dataclass(frozen=True, slots=True)
class File:
    """packed: whether its gzip form lies beside it."""

    path: Path
    media: str
    digest: str
    for_ever: bool
    packed: bool


def listed(folder: Path) -> dict[str, File]:
    """Every file that may be asked for, by its path in URLs without the first slash. Empty where
    the console is not built."""
    found: dict[str, File] = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        hidden = any(part.startswith(".") for part in name.split("/"))
        if not path.is_file() or path.is_symlink() or hidden or path.suffix not in _TYPES:
            continue
        found[name] = File(
            path,
            _TYPES[path.suffix],
            hashlib.sha256(path.read_bytes()).hexdigest()[:32],
            name.startswith(_ASSETS),
            path.with_name(path.name + _PACKED).is_file(),
        )
    return found if "index.html" in found else {}


class Console:
    """ASGI: `/api` goes on to the api; on the console's host the rest is the console, on others a
    page that says where it is."""

    def __init__(self, api: ASGIApp, settings: Settings, folder: Path = FOLDER) -> None:
        self._api = api
        self._settings = settings
        self._files = listed(folder)
        self._headers = policy(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope.get("path", "")
        if scope["type"] != "http" or path == "/api" or path.startswith("/api/"):
            await self._api(scope, receive, send)
            return
        await self._answer(Request(scope))(scope, receive, send)

    def _answer(self, request: Request) -> Response:
        name = request.url.path.removeprefix("/")
        if request.method not in ("GET", "HEAD"):
            detail = f"{request.method} is not possible here: these are the console's pages."
            return problem(405, detail, headers={"Allow": "GET, HEAD", **self._headers})
        if name not in self._files and looks_like_a_file(name):
            return problem(404, "There is nothing at this address.", headers=self._headers)
        if host_of(request.scope) != self._settings.console_host:
            return page("Stateroom", f"The console is at `{self._settings.console_origin}/`.")
        if _comes_from_a_tenant(request, self._settings.tenant_domain):
            return _no_way_in()
        if not self._files:
            return _not_built()
        return self._file(request, self._files.get(name) or self._files["index.html"])

    def _file(self, request: Request, file: File) -> Response:
        packed = file.packed and takes_gzip(request.headers.get("accept-encoding", ""))
        tag = f'"{file.digest}{"-gz" if packed else ""}"'
        headers = {
            **self._headers,
            "ETag": tag,
            "Vary": "Accept-Encoding",
            "Cache-Control": (
                "public, max-age=31536000, immutable" if file.for_ever else "no-cache"
            ),
        }
        if is_known(tag, request.headers.get("if-none-match", "")):
            return Response(status_code=304, headers=headers)
        path = file.path
        if packed:
            path = path.with_name(path.name + _PACKED)
            headers["Content-Encoding"] = "gzip"
        headers["Content-Type"] = file.media
        if request.method == "HEAD":
            headers["Content-Length"] = str(path.stat().st_size)
            return Response(headers=headers)
        return Response(path.read_bytes(), headers=headers)


def policy(settings: Settings) -> Mapping[str, str]:
    """Scripts and styles are files of ours; nothing is asked of anybody but the api and tenants'
    own hosts, where the chat is; nobody puts us into a frame."""
    tenants = settings.origin(f"*.{settings.tenant_domain}")
    directives = (
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'",
        "font-src 'self'", f"connect-src 'self' {tenants}", "manifest-src 'self'",
        "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
    )  # fmt: skip
    return {
        "Content-Security-Policy": "; ".join(directives),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
    }


def looks_like_a_file(name: str) -> bool:
    """No page of the console's has a dot in its address; files have one, and so has a tenant's
    reserved path, which is nothing here."""
    return name.startswith(_ASSETS) or "." in name


def takes_gzip(accept_encoding: str) -> bool:
    for entry in accept_encoding.lower().split(","):
        coding, _, weight = entry.partition(";")
        refused = weight.replace(" ", "") in ("q=0", "q=0.0", "q=0.00", "q=0.000")
        if coding.strip() == "gzip":
            return not refused
    return False


def is_known(tag: str, if_none_match: str) -> bool:
    known = [entry.strip().removeprefix("W/") for entry in if_none_match.split(",")]
    return tag in known or known == ["*"]


def _comes_from_a_tenant(request: Request, domain: str) -> bool:
    """The edge sends somebody here who opened a tenant's URL and is not signed in there: no person
    of ours, most likely, and our sign-in is none for them."""
    if request.url.path != "/sign-in":
        return False
    given = parse_qs(request.url.query).get("return", [""])[0]
    try:
        host = urlsplit(given).hostname or ""
    except ValueError:
        return False
    return host.endswith(f".{domain}")


def _no_way_in() -> Response:
    return page(
        "Sign in",
        "A one-time link signs this browser in. Whoever runs this Stateroom makes one with "
        "`stateroom tenants open SLUG`, or with Open on the tenant's page of the console; it works "
        "once, within 60 seconds.",
        "Programs send the tenant's API token: `Authorization: Bearer TOKEN`.",
    )


def _not_built() -> Response:
    return page(
        "The console is not built",
        "In a checkout `scripts/up` builds it. Meanwhile everything is there on the command line "
        "(`stateroom --help`), and under `/api/v1`.",
        status=503,
    )
