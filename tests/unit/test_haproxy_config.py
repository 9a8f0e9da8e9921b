"""Pure parts of the edge: the rendered configuration, the map's rows, the reserved path."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stateroom.domain.routes import Door, Route, RouteTable
from stateroom.edge import route_map
from stateroom.edge.answers import Answer, problem
from stateroom.edge.haproxy_config import EdgeConfig, render
from stateroom.edge.haproxy_shape import any_spelling
from stateroom.errors import Permanent

CONFIG = EdgeConfig(
    console_host="console.localhost", certificate=Path("/e/edge.pem"),
    session_key=Path("/e/session.pem"), maps=Path("/e/maps"), socket=Path("/e/edge.sock"),
)
RESERVED = re.compile(any_spelling(".stateroom"), re.IGNORECASE)


def section(text: str, name: str) -> str:
    return text.split(f"{name}\n", 1)[1].split("\n\n", 1)[0]


def test_it_is_the_same_every_time() -> None:
    """A pure function: an unchanged configuration is no reason to restart the edge."""
    assert render(CONFIG) == render(replace(CONFIG))


def test_identity_comes_before_rate_and_rate_before_the_door() -> None:
    """In both backends that lead to runtimes the steps stand in the order of the contract, and
    the destination is set last of all."""
    for name in ("backend programs", "backend pages"):
        text = section(render(CONFIG), f"\n{name}")
        steps = ["status 401", "status 403", "status 429", "deny_status 503", "set-dst var"]
        places = [text.index(step) for step in steps]
        assert places == sorted(places)


def test_no_backend_reaches_a_runtime_but_those_two() -> None:
    """The server without an address stands in the two guarded backends only."""
    assert render(CONFIG).count("server token 0.0.0.0:0") == 2
    assert render(CONFIG).count("server session 0.0.0.0:0") == 2


def test_our_pages_are_nothing_but_text() -> None:
    """Every page of the edge goes out under a policy that runs nothing, and holds no script."""
    served = [line for line in render(CONFIG).splitlines() if "content-type 'text/html" in line]
    files = {Path(found.group(1)) for line in served if (found := re.search(r"file (\S+)", line))}
    assert files == set(CONFIG.pages.iterdir())
    assert all("Content-Security-Policy \"default-src 'none'; " in line for line in served)
    for text in (file.read_text() for file in files):
        assert not re.search(r"<script|\son\w+=|https?:", text)
        assert '<meta http-equiv="refresh"' in text


def test_ports_in_urls_follow_browsers() -> None:
    """On 443 no URL of ours has a port, and only there HSTS is sent."""
    usual, other = render(replace(CONFIG, https_port=443)), render(CONFIG)
    assert "https://console.localhost/sign-in?return=" in usual
    assert "set-header Strict-Transport-Security" in usual
    assert "https://console.localhost:8443/sign-in?return=" in other
    assert "set-header Strict-Transport-Security" not in other


def test_every_address_is_listened_on() -> None:
    """IPv4 and IPv6 literals both become bind lines of both fronts."""
    text = render(replace(CONFIG, addresses=("127.0.0.1", "::1")))
    for line in ("bind 127.0.0.1:8443 ssl", "bind ipv6@[::1]:8443 ssl", "bind 127.0.0.1:8080\n",
                 "bind ipv6@[::1]:8080\n"):
        assert line in text


def test_a_home_that_haproxy_would_misread_is_refused() -> None:
    """A space, a quote or a $ in a path would become another configuration: said at once."""
    for path in ("/my home/maps", "/o'brien", '/a"b', "/$HOME", "/a#b", "/a\nb", "/a;b", "/%[src]"):
        with pytest.raises(ValueError, match="STATEROOM_HOME"):
            replace(CONFIG, maps=Path(path))
    with pytest.raises(ValueError, match="console_host"):
        replace(CONFIG, console_host="a b")


def test_an_answer_with_an_apostrophe_is_refused() -> None:
    """It would end the quoted text in the configuration: found here, not by HAProxy."""
    with pytest.raises(ValueError, match="apostrophe"):
        problem(Answer(400, "Bad", "It's wrong."))
    body = problem(Answer(400, "Bad request", 'Say "please".'))
    assert json.loads(body[1:-1]) == {
        "type": "about:blank", "title": "Bad request", "status": 400, "detail": 'Say "please".',
    }


@given(st.data())
def test_any_encoding_of_the_reserved_segment_is_recognised(data: st.DataObject) -> None:
    """Any case, any character encoded any number of times, at any depth of the path."""
    spelled = "".join(data.draw(spelling(c)) for c in ".stateroom")
    before = data.draw(st.sampled_from(["/", "/x/", "//", "%2f", "/a%252F", "\\", "%5C", ""]))
    after = data.draw(st.sampled_from(["", "/", "/x", "%2fx", "%252f", ";a/", "\\x", "%00"]))
    assert RESERVED.search(before + spelled + after)


def spelling(character: str) -> st.SearchStrategy[str]:
    once = f"%{ord(character):02x}"
    upper = f"%{ord(character.upper()):02X}"
    deep = [once.replace("%", "%" + "25" * n) for n in range(1, 4)]
    return st.sampled_from([character, character.upper(), once, upper, *deep])


@given(st.text("abc./-_~", max_size=30))
def test_ordinary_paths_are_not_taken_for_it(path: str) -> None:
    """A path without the word is the tenant's, encoded or not."""
    assert not RESERVED.search(quote(f"/{path}"))
    assert not RESERVED.search(f"/{path}.stateroom.txt")


names = st.from_regex(r"[a-z][a-z0-9]{0,8}", fullmatch=True)
tenants = st.lists(names, unique=True, max_size=8)


@given(tenants, st.data())
def test_a_table_survives_the_map(slugs: list[str], data: st.DataObject) -> None:
    """Rows stand for exactly one table: written and read, it is the same, version included."""
    routes = []
    for number, slug in enumerate(slugs):
        count = data.draw(st.integers(0, 3))
        routes.append(Route(
            f"{slug}.t.localhost", f"id-{slug}", f"{number:08x}", f"owner@{slug}",
            data.draw(st.sampled_from(["", "10.213.0.2"])), data.draw(st.integers(1, 65535)),
            data.draw(st.sampled_from(Door)), data.draw(st.integers(1, 10**6)),
            tuple(f"{number:032X}{i:032X}" for i in range(count)),
        ))
    table = RouteTable.of(routes)
    rows = route_map.rows(table)
    assert route_map.table(rows) == table
    lines = route_map.text(rows).splitlines()
    assert [tuple(line.split(" ", 1)) for line in lines] == rows
    assert len({key for key, _ in rows}) == len(rows)


@given(st.text(max_size=40), st.sampled_from(["host", "tenant", "cabin", "user", "address"]))
def test_no_text_makes_another_row(text: str, name: str) -> None:
    """Whatever a field holds, the table is refused or comes back the same, from one line."""
    route = Route("a.t.localhost", "t", "c", "u", "", 1, Door.OPEN, 1)
    table = RouteTable.of([replace(route, **{name: text})])  # type: ignore[arg-type]
    try:
        rows = route_map.rows(table)
    except Permanent:
        return
    assert route_map.text(rows).count("\n") == 1
    assert route_map.table(rows) == table


@given(st.lists(st.tuples(st.text(max_size=20), st.text("|ab1 open", max_size=40))))
def test_any_rows_are_some_table(rows: list[tuple[str, str]]) -> None:
    """Reading never fails on rows that are not ours; it leaves them out."""
    assert len(route_map.table(rows).routes) <= len(rows)
