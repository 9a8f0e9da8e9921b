"""Whatever is sent: a problem document with every problem, nothing half done, no trace, no 500."""

from __future__ import annotations

import asyncio
import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stateroom.api.documents import read_json
from stateroom.api.yaml_documents import read_yaml
from stateroom.errors import Invalid
from tests.builders import sample_document
from tests.integration.api_lab import ApiLab, api, problem_of

JSON = {"Content-Type": "application/json"}
YAML = {"Content-Type": "application/yaml"}


async def test_every_problem_of_a_create_is_told_once(tmp_path: Path) -> None:
    """Shape and meaning together, each place once, with the nearest name as a hint."""
    async with api(tmp_path) as it:
        await it.sample()
        body = {
            "slug": "Not A Slug",
            "blueprint": "suport-agent",
            "nmae": "x",
            "values": ["x"],
            "limits": {"cpu": 1},
            "secrets": {"A": 5, "B": {"value": "x", "as": "thing"}, "C": {}},
            "restore_volume": 7,
        }
        told = (await it.refused(422, "POST", "/tenants", json=body))["errors"]
        pointers = [entry["pointer"] for entry in told]
        assert sorted(pointers) == [
            "/blueprint",
            "/nmae",
            "/restore_volume",
            "/secrets/A",
            "/secrets/B/as",
            "/secrets/C/value",
            "/slug",
            "/values",
        ]
        hints = {entry["pointer"]: entry["hint"] for entry in told}
        assert "name" in hints["/nmae"]
        assert "support-agent" in hints["/blueprint"]
        assert (await it.ok("GET", "/tenants"))["items"] == []


@pytest.mark.parametrize(
    "slug",
    [
        "", "-a", "a-", "a--b", "A", "1a", "a" * 41, "a.b", "a b", "ä", "console", "api", "t",
        "www", "a\n", "a\u0000", "../x", None, 5, True, [], {"a": 1},
    ],
)  # fmt: skip
async def test_a_wrong_slug_is_refused(tmp_path: Path, slug: Any) -> None:
    """By its place, whatever it is."""
    async with api(tmp_path) as it:
        await it.sample()
        body = {"slug": slug, "blueprint": "support-agent"}
        told = await it.refused(422, "POST", "/tenants", json=body)
        assert [entry["pointer"] for entry in told["errors"]] in (["/slug"], [""])
        assert (await it.ok("GET", "/tenants"))["items"] == []


BODIES = {
    b"": 422,
    b"null": 422,
    b"[]": 422,
    b'"text"': 422,
    b"5": 422,
    b"{": 422,
    b'{"slug": "a",}': 422,
    b'{"slug": "a", "slug": "b"}': 422,
    b'{"slug": NaN}': 422,
    b'{"slug": Infinity}': 422,
    b'{"slug": 1e999}': 422,
    b'{"slug": ' + b"9" * 5000 + b"}": 422,
    b'{"slug": "\\ud800"}': 422,
    b'{"slug": "\\u0000"}': 422,
    b'{"slug": "\xff"}': 422,
    b"[" * 100_000: 422,
    b'{"a":' * 50_000: 422,
    b"{}" + b" " * (1024 * 1024): 413,
}


@pytest.mark.parametrize(("body", "status"), BODIES.items(), ids=range(len(BODIES)))
async def test_a_body_that_is_no_good_json(tmp_path: Path, body: bytes, status: int) -> None:
    """Broken, doubled, endless, too deep, too large, not UTF-8: refused with a sentence."""
    async with api(tmp_path) as it:
        await it.refused(status, "POST", "/tenants", content=body, headers=JSON)


async def test_text_that_cannot_be_stored_is_told_by_its_place(tmp_path: Path) -> None:
    """Every one of them, in names too; a hint for each."""
    async with api(tmp_path) as it:
        body = {
            "slug": "a\0",
            "values": {"prompt": "x\0", "list": ["fine", "\0"]},
            "secrets": {"N\0": "y"},
        }
        sent = json.dumps(body).encode()
        told = (await it.refused(422, "POST", "/tenants", content=sent, headers=JSON))["errors"]
        assert [entry["pointer"] for entry in told] == [
            "/slug", "/values/prompt", "/values/list/1", "/secrets",
        ]
        assert {entry["code"] for entry in told} == {"not_text"}
        assert all(entry["hint"] for entry in told)


def test_many_parts_below_a_long_name_are_walked_cheaply() -> None:
    """The place of a part is made only for one that is told of."""
    read_json(json.dumps({"n" * 400_000: [1] * 200_000}).encode())


async def test_every_problem_has_a_hint(tmp_path: Path) -> None:
    """Also where its own sentence says all."""
    async with api(tmp_path) as it:
        checked = await it.ok("POST", "/blueprints/check", json={"blocks": {}, "links": "x"})
        assert all(entry["hint"] for entry in checked["problems"])


async def test_a_syntax_error_says_where(tmp_path: Path) -> None:
    """Line and column, in both languages."""
    async with api(tmp_path) as it:
        told = await it.refused(422, "POST", "/tenants", content=b'{\n  "a": }', headers=JSON)
        assert "line 2, column 8" in told["detail"]
        text = b"name: x\nblocks: [\n  }"
        told = await it.refused(422, "PUT", "/blueprints/x", content=text, headers=YAML)
        assert "line 3, column 3" in told["detail"]


async def test_a_stream_without_end_is_cut_off(tmp_path: Path) -> None:
    """A body of no declared length is read up to the bound and no further."""
    read = 0

    async def endless() -> Any:
        nonlocal read
        while True:
            read += 65_536
            yield b" " * 65_536

    async with api(tmp_path) as it:
        task = it.refused(413, "POST", "/tenants", content=endless(), headers=JSON)
        await asyncio.wait_for(task, 10)
        assert read <= 2 * 1024 * 1024


async def test_the_wrong_type_of_body_is_told(tmp_path: Path) -> None:
    """curl's default, XML, YAML where JSON is taken."""
    async with api(tmp_path) as it:
        for media in ("application/x-www-form-urlencoded", "text/xml", "application/yaml", "x"):
            headers = {"Content-Type": media}
            told = await it.refused(415, "POST", "/tenants", content=b"{}", headers=headers)
            assert "Content-Type" in told["detail"]
        await it.refused(415, "PUT", "/blueprints/x", content=b"{}", headers={"Content-Type": "x"})


BAD_YAML = {
    "an alias": "name: &a x\nother: *a",
    "an anchor": "name: &a x",
    "a bomb": "a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]",
    "a merge key": "a: &a {b: 1}\nc:\n  <<: *a",
    "a name twice": "name: x\nname: y",
    "a name twice, deep": "a:\n  b: 1\n  b: 2",
    "a tag": "name: !!python/object/apply:os.system ['true']",
    "a harmless tag": "name: !!str x",
    "two documents": "name: x\n---\nname: y",
    "a number as a name": "1: x",
    "a list as a name": "? [a]\n: x",
    "no number": "size: .nan",
    "infinity": "size: -.inf",
    "a huge number": "size: 1e999",
    "a tab": "a:\n\t- b",
    "a control character": "a: \x01",
    "depth": "[" * 200 + "]" * 200,
    "more depth": "[" * 20_000,
    "mappings without end": "{a: " * 20_000,
    "NUL": 'a: "\\0"',
    "a surrogate": 'a: "\\ud800"',
}


@pytest.mark.parametrize("text", BAD_YAML.values(), ids=BAD_YAML.keys())
async def test_bad_yaml_is_refused_and_check_tells_it(tmp_path: Path, text: str) -> None:
    """422 when it is to be saved; a problem like any other when it is checked."""
    async with api(tmp_path) as it:
        body = text.encode()
        await it.refused(422, "PUT", "/blueprints/x", content=body, headers=YAML)
        told = await it.ok("POST", "/blueprints/check", content=body, headers=YAML)
        assert told["ok"] is False
        assert told["problems"][0]["detail"]
        assert (await it.ok("GET", "/blueprints"))["items"] == []


def test_yaml_words_are_what_people_mean() -> None:
    """off, no, dates, versions and octal-looking numbers are text; quotes make text of all."""
    text = (
        "a: off\nb: no\nc: 2026-01-02\nd: 2026.9.6\ne: 12:30\nf: 'true'\ng: true\nh: 1.5\n"
        "i: ~\nj: 0x1f\nk: 1e3\nl: |\n  one\n  two\nm: -7\nn: '5'\no: y\np:\n"
    )
    assert read_yaml(text.encode()) == {
        "a": "off", "b": "no", "c": "2026-01-02", "d": "2026.9.6", "e": "12:30", "f": "true",
        "g": True, "h": 1.5, "i": None, "j": 31, "k": 1000.0, "l": "one\ntwo\n", "m": -7,
        "n": "5", "o": "y", "p": None,
    }  # fmt: skip


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12),
    lambda part: (
        st.lists(part, max_size=4)
        | st.dictionaries(
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6),
            part,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(values)
def test_json_reads_as_itself_in_both_languages(value: Any) -> None:
    """YAML is JSON's superset here: what JSON writes, both read as it was."""
    text = json.dumps(value)
    assert read_json(text.encode()) == value
    if len(text) < 900 and "\\u" not in text:  # A longer key needs YAML's `? ` form.
        assert read_yaml(text.encode()) == value


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda t: t.encode("utf-8", "replace")))
def test_reading_never_ends_but_in_a_value_or_a_problem(body: bytes) -> None:
    """Any bytes, in either language: a value or Invalid, nothing else."""
    for read in (read_json, read_yaml):
        with contextlib.suppress(Invalid):
            read(body)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda part: (
        st.lists(part, max_size=3) | st.dictionaries(st.text(max_size=9), part, max_size=3)
    ),
    max_leaves=8,
)
fields = st.sampled_from(
    ["slug", "blueprint", "name", "values", "limits", "variables", "secrets", "restore_volume",
     "suspended", "tenants", "revision", "canary", "kind", "base_url", "key", "prices", "value",
     "as", "safe_mode", "blocks", "links", "layout"]
)  # fmt: skip
CALLS = (
    ("POST", "/tenants"),
    ("PATCH", "/tenants/acme"),
    ("POST", "/tenants/acme/restart"),
    ("PUT", "/tenants/acme/secrets/KEY"),
    ("PUT", "/blueprints/sample"),
    ("POST", "/blueprints/check"),
    ("POST", "/blueprints/support-agent/deploy"),
    ("POST", "/blueprints/support-agent/plan"),
    ("PUT", "/providers/main"),
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.dictionaries(fields, json_values, max_size=5), min_size=6, max_size=6))
def test_no_body_makes_a_500(tmp_path: Path, bodies: list[Any]) -> None:
    """Known fields with any JSON in them, at every call that reads a body: accepted, or refused
    in the one form; and the installation can still be read afterwards."""

    async def run() -> None:
        async with api(tmp_path) as it:
            await it.sample()
            if (await it.call("GET", "/tenants/acme")).status_code == 404:
                await it.created()
            for body in bodies:
                for method, path in CALLS:
                    sent = json.dumps(body).encode()
                    answer = await it.call(method, path, content=sent, headers=JSON)
                    if not answer.is_success:
                        problem_of(answer, answer.status_code)
                    assert answer.status_code in (200, 202, 204, 409, 422), answer.text
            await it.ok("GET", "/tenants")
            await it.ok("GET", "/blueprints")
            await it.ok("GET", "/providers")

    asyncio.run(run())


PATHS = (
    "/", "//", "/tenants/", "/tenants/%2e%2e/status", "/tenants/acme/",
    "/tenants/acme/secrets", "/tenants/%00", "/tenants/a%2Fb", "/tenants/acme/secrets/%0a",
    "/blueprints/%F0%9F%92%A9", "/blueprints/x/revisions/0", "/blueprints/x/revisions/one",
    "/blueprints/x/revisions/99999999999999999999", "/blueprints/x/diff?from=1",
    "/blueprints/x/diff?from=a&to=b", "/deployments/%27%20OR%201=1", "/tenants/acme?wait=x",
    "/tenants/acme?wait=ready&timeout=-1", "/tenants/acme?wait=ready&timeout=1e9",
    "/tenants/acme?wait=ready&timeout=nan", "/plan?tenant=nobody", "/events?tail=-1",
    "/tenants/acme/logs?tail=999999", "/tenants?cursor=" + "a" * 300, "/providers/..",
)  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
async def test_a_wrong_path_or_parameter_is_a_problem(tmp_path: Path, path: str) -> None:
    """404, 405 or 422 in the one form, never an inside error."""
    async with api(tmp_path) as it:
        answer = await it.call("GET", path)
        assert answer.status_code in (404, 405, 422), answer.text
        problem_of(answer, answer.status_code)


async def test_a_refused_method_names_those_that_are_possible(tmp_path: Path) -> None:
    """All of the address, whichever part of the program they are in."""
    async with api(tmp_path) as it:
        answer = await it.call("POST", "/tenants/acme")
        problem_of(answer, 405)
        assert answer.headers["allow"] == "DELETE, GET, HEAD, PATCH"


async def test_sentences_name_fields_as_they_are_written(tmp_path: Path) -> None:
    """No capital that no field has, no type of our language, an entry of a list by its list."""
    async with api(tmp_path) as it:
        await it.sample()
        told = await it.refused(422, "PATCH", "/tenants/acme", json={"safe_mode": 1, "values": 5})
        assert told["errors"][0]["detail"] == "values should be an object."
        assert told["detail"].startswith("values should be an object. There is no field")
        path = "/blueprints/support-agent/deploy"
        told = await it.refused(422, "POST", path, json={"tenants": ["a", 5]})
        assert told["detail"] == "tenants[1] should be a valid string."


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("base_url", "http://api.example.com/v1"),
        ("base_url", "https://user:pw@example.com"),
        ("base_url", "https://example.com/?key=1"),
        ("base_url", "ftp://example.com"),
        ("base_url", "https://"),
        ("base_url", "https://[::1"),
        ("base_url", "https://example.com:port"),
        ("base_url", "https://exa mple.com"),
        ("base_url", "javascript:alert(1)"),
        ("base_url", ""),
        ("key", "line\nbreak"),
        ("key", "ümlaut"),
        ("prices", {"m": {"input": -1}}),
        ("prices", {"m": {"inptu": 1}}),
        ("prices", {"m": 5}),
        ("kind", "other"),
    ],
)
async def test_a_wrong_provider_is_refused(tmp_path: Path, field: str, value: Any) -> None:
    """Keys do not travel in the open, addresses hold no secrets, prices are not negative."""
    async with api(tmp_path) as it:
        body = {"kind": "openai", "base_url": "https://api.example.com/v1"} | {field: value}
        told = await it.refused(422, "PUT", "/providers/main", json=body)
        assert all(entry["pointer"].startswith(f"/{field}") for entry in told["errors"])
        assert len((await it.ok("GET", "/providers"))["items"]) == 1


async def test_bad_documents_of_blueprints_tell_every_problem(tmp_path: Path) -> None:
    """By PUT, check and plan alike: block, pointer, sentence; nothing is saved or planned."""
    async with api(tmp_path) as it:
        document = sample_document()
        document["blocks"][0]["kind"] = "urll"
        document["blocks"][1]["options"]["cpu"] = "many"
        document["links"].append(["door", "nowhere"])
        told = (await it.refused(422, "PUT", "/blueprints/support-agent", json=document))["errors"]
        assert len(told) >= 3
        assert any(entry.get("block") == "agent" for entry in told)
        checked = await it.ok("POST", "/blueprints/check", json=document)
        assert checked == {"ok": False, "problems": told, "notices": []}
        await it.refused(422, "POST", "/blueprints/support-agent/plan", json=document)
        assert it.stand_in.previews == []


async def test_an_unexpected_error_shows_nothing(tmp_path: Path) -> None:
    """A bug of ours: 500 in the one form, with neither the trace nor its words."""

    async def broken(_self: ApiLab) -> None:
        raise RuntimeError("hunter2 in a bug")

    async with api(tmp_path) as it:
        it.stand_in.status = broken.__get__(it)  # type: ignore[method-assign]
        told = await it.refused(500, "GET", "/status")
        assert "hunter2" not in json.dumps(told)
