"""What images are made of: pins, digests, and what must not be in the build files."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from stateroom.runtimes import (
    image,
    image_debian,
    image_openclaw,
    image_own,
    image_postgresql,
    node,
)
from stateroom.runtimes.image_inputs import REPOSITORY, ImageError, digest, pinned
from stateroom.runtimes.image_names import POSTGRESQL
from stateroom.settings import OPENCLAW_VERSION

LOCKS = sorted((REPOSITORY / "images/openclaw").rglob("package-lock.json"))


def test_the_default_version_is_the_one_that_can_be_built() -> None:
    assert image_openclaw.locked_version() == OPENCLAW_VERSION


def test_every_package_is_pinned_with_a_checksum_and_no_address() -> None:
    assert len(LOCKS) == 2
    for lock in LOCKS:
        for name, entry in json.loads(lock.read_text())["packages"].items():
            assert "resolved" not in entry, name
            bundled = entry.get("inBundle") or entry.get("link")
            assert name == "" or bundled or entry["integrity"].startswith("sha512-"), name


def test_both_architectures_have_a_node_of_one_version() -> None:
    lock = REPOSITORY / "images/openclaw/node/package-lock.json"
    packages = json.loads(lock.read_text())["packages"]
    versions = {packages[f"node_modules/node-linux-{name}"]["version"] for name in ("x64", "arm64")}
    assert len(versions) == 1


def test_no_build_names_a_registry() -> None:
    """npm, pip, apt and the engine each know their own default, and each lets its operator
    choose another: a host's name of ours would overrule that."""
    assert not re.match(r"[^/]*[.:]", image.OFFICIAL_OPENCLAW)
    places = [Path(image.__file__).parent, REPOSITORY / "images"]
    for file in (one for place in places for one in place.rglob("*") if one.is_file()):
        # What packages say of their own homes is theirs; that no address is in it, see above.
        if file.suffix != ".pyc" and file.name != "package-lock.json":
            named = re.findall(r"(?i)\b[a-z0-9-]+\.(?:com|dev|io|net|org)\b", file.read_text())
            assert named == [], file


def test_a_pin_that_is_missing_is_named() -> None:
    """Rather than a build with whatever is newest."""
    assert re.fullmatch(r"\d+\.\d+\.\d+", pinned(node.PACKAGE))
    with pytest.raises(ImageError, match="names no version of nodejs;"):
        pinned("nodejs")


def test_a_digest_tells_lists_apart(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("ab")
    assert digest("ab", "c") != digest("a", "bc") != digest("abc")
    assert digest(file) == digest(b"ab") == digest("ab")


def test_stages_build_on_each_other() -> None:
    for stages in (image_openclaw.stages(), image_own.stages(), image_postgresql.stages()):
        inputs = [stage.inputs for stage in stages]
        assert len(set(inputs)) == len(stages)
        assert all(re.fullmatch("[0-9a-f]{64}", one) for one in inputs)


def test_postgresql_is_called_by_what_it_is() -> None:
    """The tag that blueprints write is the major version that the package list names."""
    packages = (REPOSITORY / "images/postgresql/packages").read_text().split()
    assert f"stateroom/postgresql:{image_postgresql.MAJOR}" == POSTGRESQL
    assert f"postgresql-{image_postgresql.MAJOR}" in packages
    start = (REPOSITORY / "images/postgresql/start.sh").read_text()
    assert f"/usr/lib/postgresql/{image_postgresql.MAJOR}/bin" in start


def test_a_system_is_made_of_the_packages_listed() -> None:
    command = image_debian._system_command("# why\nca-certificates\n\nhaproxy\n")
    assert "--include=ca-certificates,haproxy" in command
    assert command[-2:] == ["bookworm", "-"]
