"""Tenants as the console lists them: searched, filtered, paged both ways, and changed by many."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.builders import sample_document
from tests.integration.api_lab import ApiLab, api

pytestmark = pytest.mark.usefixtures("either_database")


async def many(it: ApiLab, *slugs: str) -> None:
    await it.sample()
    for slug in slugs:
        await it.created(slug, name=f"Firma {slug.upper()} 100%_")


async def page(it: ApiLab, **asked: Any) -> tuple[list[str], Any]:
    answer = await it.ok("GET", "/tenants", params=asked)
    return [item["slug"] for item in answer["items"]], answer


async def test_pages_lead_on_and_back(tmp_path: Path) -> None:
    """Every tenant once forwards, and by `previous` the same pages backwards; the total is that of
    all pages; the ends say that they are."""
    async with api(tmp_path) as it:
        await many(it, "a", "b", "c", "d", "e")
        forwards, cursor = [], ""
        while True:
            slugs, answer = await page(it, limit=2, cursor=cursor)
            assert answer["total"] == 5
            assert (answer["previous"] is None) == (not cursor)
            forwards.append(slugs)
            if answer["next"] is None:
                break
            cursor = answer["next"]
        assert forwards == [["a", "b"], ["c", "d"], ["e"]]
        slugs, answer = await page(it, limit=2, before=answer["previous"])
        assert slugs == ["c", "d"]
        slugs, onward = await page(it, limit=2, cursor=answer["next"])
        assert (slugs, onward["next"]) == (["e"], None)
        slugs, answer = await page(it, limit=2, before=answer["previous"])
        assert (slugs, answer["previous"], answer["total"]) == (["a", "b"], None, 5)
        assert (await page(it, limit=2, cursor=answer["next"]))[0] == ["c", "d"]


async def test_a_page_is_found_from_a_tenant_that_is_gone(tmp_path: Path) -> None:
    """A cursor is a place in the order, whoever stood there."""
    async with api(tmp_path) as it:
        await many(it, "a", "b", "c")
        _, answer = await page(it, limit=2)
        for slug in ("a", "b"):
            await it.gone(slug)
        assert (await page(it, cursor=answer["next"]))[0] == ["c"]
        assert (await page(it, before="b"))[0] == []
        assert (await page(it, limit=1, before="zz"))[0] == ["c"]


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("lob", ["globex"]), ("LOB", ["globex"]), ("firma", ["acme", "globex"]),
        ("  acme ", ["acme"]), ("100%", ["acme", "globex"]), ("%", ["acme", "globex"]),
        ("ac_e", []), ("a%e", []), ("_", ["acme", "globex"]), ("\\", []), ("' OR 1=1 --", []),
        ("%25", []), ("", ["acme", "globex"]),
    ],
)  # fmt: skip
async def test_search_is_for_a_part_of_slug_or_name(
    tmp_path: Path, search: str, found: list[str]
) -> None:
    """Whatever is typed is text: no sign means anything else to the database."""
    async with api(tmp_path) as it:
        await many(it, "acme", "globex")
        slugs, answer = await page(it, search=search)
        assert (slugs, answer["total"]) == (found, len(found))


async def test_search_knows_letters_of_every_language(tmp_path: Path) -> None:
    """SQLite by itself knows how to lower those of ASCII."""
    async with api(tmp_path) as it:
        await it.sample()
        await it.created("aerzte", name="Ärzte GmbH")
        assert (await page(it, search="ärzte"))[0] == ["aerzte"]
        assert (await page(it, search="ÄRZTE"))[0] == ["aerzte"]


async def test_filters_narrow_together(tmp_path: Path) -> None:
    """Blueprint, revision and phase, as people are shown it; the total follows."""
    async with api(tmp_path) as it:
        await many(it, "a", "b", "c")
        document = sample_document()
        document["blocks"][1]["options"]["cpu"] = 0.5
        await it.ok("PUT", "/blueprints/support-agent", json=document)
        await it.ok("POST", "/blueprints/support-agent/deploy", json={"tenants": ["b"]})
        for slug in ("a", "c"):
            await it.report(slug)
        for asked, found in (
            ({"phase": "ready"}, ["a", "c"]),
            ({"phase": "ready", "search": "c"}, ["c"]),
            ({"phase": "provisioning"}, ["b"]),
            ({"revision": 1}, ["a", "c"]),
            ({"blueprint": "support-agent", "revision": 2}, ["b"]),
            ({"blueprint": "support-agent", "revision": 9}, []),
            ({"blueprint": "other"}, []),
        ):
            slugs, answer = await page(it, **asked)
            assert (slugs, answer["total"]) == (found, len(found)), asked


async def test_what_cannot_be_a_page_is_refused(tmp_path: Path) -> None:
    """Two places at once, and numbers that are none."""
    async with api(tmp_path) as it:
        await many(it, "a", "b")
        _, answer = await page(it, limit=1)
        for asked in (
            {"cursor": answer["next"], "before": "b"}, {"revision": "x"}, {"revision": -1},
            {"limit": 501}, {"search": "x" * 201}, {"phase": "happy"},
        ):  # fmt: skip
            await it.refused(422, "GET", "/tenants", params=asked)


async def test_many_are_changed_each_for_itself(tmp_path: Path) -> None:
    """In their order, each once; one that is not there or cannot be changed says why, and the
    others are."""
    async with api(tmp_path) as it:
        await many(it, "a", "b", "c")
        await it.store.tenants.delete("c", "keep")
        signals = it.stand_in.signals
        body = {"action": "suspend", "slugs": ["b", "nobody", "c", "a", "b"]}
        items = (await it.ok("POST", "/tenants/bulk", json=body))["items"]
        assert [(item["slug"], item["ok"]) for item in items] == [
            ("b", True), ("nobody", False), ("c", False), ("a", True),
        ]  # fmt: skip
        assert [item.get("generation") for item in items] == [2, None, None, 2]
        assert [item["problem"]["status"] for item in items if not item["ok"]] == [404, 409]
        assert all(item["problem"]["detail"].endswith(".") for item in items if not item["ok"])
        assert it.stand_in.signals == signals + 1
        for slug in ("a", "b"):
            told = await it.ok("GET", f"/tenants/{slug}")
            assert (told["suspended"], told["generation"]) == (True, 2)
        await it.ok("POST", "/tenants/bulk", json={"action": "resume", "slugs": ["a"]})
        assert (await it.ok("GET", "/tenants/a"))["suspended"] is False


async def test_many_are_restarted_and_deleted(tmp_path: Path) -> None:
    """Deleting needs a word about the data, and nothing else takes one."""
    async with api(tmp_path) as it:
        await many(it, "a", "b")
        await it.ok("POST", "/tenants/bulk", json={"action": "restart", "slugs": ["a", "b"]})
        assert (await it.ok("GET", "/tenants/a"))["generation"] == 2
        slugs = {"slugs": ["a", "b"]}
        for body in ({"action": "delete"}, {"action": "restart", "data": "erase"}):
            await it.refused(422, "POST", "/tenants/bulk", json=body | slugs)
        assert (await it.ok("GET", "/tenants/b"))["generation"] == 2
        body = {"action": "delete", "data": "keep"} | slugs
        items = (await it.ok("POST", "/tenants/bulk", json=body))["items"]
        assert [item["ok"] for item in items] == [True, True]
        assert (await page(it, phase="deleting"))[0] == ["a", "b"]


@pytest.mark.parametrize(
    "body",
    [
        {}, {"action": "restart"}, {"action": "restart", "slugs": []},
        {"action": "restart", "slugs": [f"t{n}" for n in range(501)]},
        {"action": "explode", "slugs": ["a"]}, {"action": "restart", "slugs": "a"},
        {"action": "restart", "slugs": [1]}, {"action": "restart", "slugs": ["a"], "more": 1},
    ],
)  # fmt: skip
async def test_what_is_no_bulk_change_is_refused(tmp_path: Path, body: Any) -> None:
    """At most 500, at least one, one of the four."""
    async with api(tmp_path) as it:
        await many(it, "a")
        await it.refused(422, "POST", "/tenants/bulk", json=body)
        assert (await it.ok("GET", "/tenants/a"))["generation"] == 1
