"""The console's files: what is served, how it may be kept, and what nobody gets."""

from __future__ import annotations

import gzip
from pathlib import Path

import httpx
import pytest

from tests.integration.api_lab import ApiLab, api, built_console, problem_of

HOST = "console.localhost:8443"
SCRIPT = "/assets/main-1a2b.js"


async def get(it: ApiLab, path: str, method: str = "GET", **headers: str) -> httpx.Response:
    return await it.http.request(method, path, headers={"Host": HOST, **headers})


@pytest.mark.parametrize(
    "path", ["/", "/index.html", "/tenants", "/tenants/acme", "/blueprints/x", "/sign-in", "/a//b"]
)
async def test_a_page_is_the_one_document(tmp_path: Path, path: str) -> None:
    """Its own router knows what to show; it is asked for again each time."""
    async with api(tmp_path) as it:
        answer = await get(it, path)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert answer.headers["cache-control"] == "no-cache"
        assert "/assets/main-1a2b.js" in answer.text


async def test_every_answer_has_the_policy(tmp_path: Path) -> None:
    """Nothing inline, nothing from elsewhere, no frame around us; the chat may ask tenants' hosts
    and nobody else."""
    async with api(tmp_path) as it:
        for path in ("/", "/tenants", SCRIPT, "/icon.svg", "/assets/none.js"):
            headers = (await get(it, path)).headers
            directives = dict(
                part.strip().split(" ", 1)
                for part in headers["content-security-policy"].split(";")
            )
            assert directives["default-src"] == "'none'"
            assert directives["script-src"] == directives["style-src"] == "'self'"
            assert directives["connect-src"] == "'self' https://*.t.localhost:8443"
            assert directives["frame-ancestors"] == directives["base-uri"] == "'none'"
            assert "unsafe" not in headers["content-security-policy"]
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "no-referrer"
            assert headers["cross-origin-resource-policy"] == "same-origin"


async def test_what_has_a_digest_in_its_name_is_kept_for_ever(tmp_path: Path) -> None:
    """The script; the icon has none and is asked for again."""
    async with api(tmp_path) as it:
        script, icon = await get(it, SCRIPT), await get(it, "/icon.svg")
        assert script.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert script.headers["content-type"] == "text/javascript; charset=utf-8"
        assert icon.headers["cache-control"] == "no-cache"
        assert icon.headers["content-type"] == "image/svg+xml"


@pytest.mark.parametrize("coding", ["", "gzip"])
async def test_what_is_known_is_not_sent_again(tmp_path: Path, coding: str) -> None:
    """304 for the tag of the same form, in a list and weakened too; not for another one."""
    async with api(tmp_path) as it:
        first = await get(it, SCRIPT, **{"Accept-Encoding": coding})
        tag = first.headers["etag"]
        for known in (tag, f'"x", W/{tag}', "*"):
            again = await get(
                it, SCRIPT, **{"Accept-Encoding": coding, "If-None-Match": known}
            )
            assert (again.status_code, again.content) == (304, b"")
            assert again.headers["etag"] == tag
            assert "content-security-policy" in again.headers
        other = await get(it, SCRIPT, **{"Accept-Encoding": coding, "If-None-Match": '"x"'})
        assert other.status_code == 200


async def test_packed_for_who_takes_it(tmp_path: Path) -> None:
    """The same bytes either way, each form with a tag of its own; caches are told."""
    async with api(tmp_path) as it:
        plain = await get(it, SCRIPT, **{"Accept-Encoding": "identity"})
        tags = {plain.headers["etag"]}
        for accepted in ("gzip", "br, GZIP;q=0.5", "deflate, gzip, zstd"):
            async with it.http.stream(
                "GET", SCRIPT, headers={"Host": HOST, "Accept-Encoding": accepted}
            ) as answer:
                raw = b"".join([part async for part in answer.aiter_raw()])
            assert answer.headers["content-encoding"] == "gzip"
            assert answer.headers["vary"] == "Accept-Encoding"
            assert len(raw) == int(answer.headers["content-length"]) < len(plain.content)
            assert gzip.decompress(raw) == plain.content
            tags.add(answer.headers["etag"])
        assert len(tags) == 2
        for refused in ("", "identity", "gzip;q=0", "gzip; q=0.0", "br"):
            answer = await get(it, SCRIPT, **{"Accept-Encoding": refused})
            assert "content-encoding" not in answer.headers
            assert answer.content == plain.content


async def test_head_says_what_get_would(tmp_path: Path) -> None:
    """The same headers and no body."""
    async with api(tmp_path) as it:
        for path in ("/", SCRIPT):
            got, head = await get(it, path), await get(it, path, "HEAD")
            assert head.content == b""
            assert dict(head.headers) == dict(got.headers)


@pytest.mark.parametrize(
    "path",
    [
        "/assets/none.js", "/favicon.ico", "/main.py", "/.notes.txt", "/assets/main-1a2b.js.map",
        "/assets/main-1a2b.js.gz", "/../console_files.py", "/assets/../../pages.py",
        "/assets/%2e%2e/%2e%2e/pages.py", "/..%2f..%2fetc/passwd", "/%2e%2e%5cpages.py",
        "/assets//main-1a2b.js", "/assets/", "/assets/main-1a2b.js%00.svg", "//etc/passwd.txt",
        "/secret.txt", "/linked.txt", "/.stateroom/enter",
    ],
)  # fmt: skip
async def test_what_is_no_file_of_the_build_is_not_there(tmp_path: Path, path: str) -> None:
    """Not by climbing out in any spelling, not by a link in the folder, not its own notes; and a
    missing script is not answered with a page."""
    (tmp_path / "secret.txt").write_text("secret")
    console = built_console(tmp_path)
    (console / "linked.txt").symlink_to(tmp_path / "secret.txt")
    async with api(tmp_path) as it:
        # As bytes: the client would tidy the path up.
        url = httpx.URL("http://127.0.0.1:8070").copy_with(raw_path=path.encode())
        answer = await it.http.get(url, headers={"Host": HOST})
        assert "secret" not in answer.text
        problem_of(answer, 404)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
async def test_pages_are_only_read(tmp_path: Path, method: str) -> None:
    """Any other method is refused, with what is possible."""
    async with api(tmp_path) as it:
        answer = await get(it, "/", method)
        problem_of(answer, 405)
        assert answer.headers["allow"] == "GET, HEAD"


async def test_the_api_is_never_a_page(tmp_path: Path) -> None:
    """What is not there below /api is a problem document, without a key 401."""
    async with api(tmp_path) as it:
        problem_of(await get(it, "/api/v1/nothing"), 401)
        problem_of(await it.call("GET", "/nothing", headers={"Host": HOST}), 404)
        problem_of(await get(it, "/api"), 404)
        assert (await get(it, "/apiary")).headers["content-type"].startswith("text/html")


async def test_on_loopback_a_page_says_where_the_console_is(tmp_path: Path) -> None:
    """It works under its own name alone, where its cookie counts."""
    async with api(tmp_path) as it:
        answer = await it.http.get("/")
        assert "https://console.localhost:8443/" in answer.text
        assert "script" not in answer.text


async def test_without_a_build_a_page_says_so(tmp_path: Path) -> None:
    """The api works all the same."""
    (built_console(tmp_path) / "index.html").unlink()
    console = tmp_path / "console"
    async with api(tmp_path, console=console.rename(tmp_path / "half")) as it:
        answer = await get(it, "/tenants")
        assert answer.status_code == 503
        assert "scripts/up" in answer.text
        await it.ok("GET", "/status")
