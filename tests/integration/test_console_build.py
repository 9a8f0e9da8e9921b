"""Building the console into the package: when, from what, and what a failed build leaves. npm and
node are stand-ins on PATH; `scripts/up` and every end-to-end test build it with the real ones."""

from __future__ import annotations

import gzip
import os
import threading
from pathlib import Path

import pytest

from stateroom.runtimes import console
from stateroom.runtimes.console import Places, ensure_built, is_current
from stateroom.runtimes.image_inputs import ImageError

NODE = "#!/bin/sh\necho v20.19.0\n"
NPM = r"""#!/bin/sh
[ "$1" = config ] && exit 0
echo "$*" >> "$ASKED"
[ -e "$BROKEN" ] && { echo "ENOTFOUND: no such registry"; exit 1; }
case $1 in
  ci) mkdir -p node_modules && pwd > node_modules/where ;;
  exec)
    for word; do case $word in --outDir=*) out=${word#--outDir=} ;; esac; done
    mkdir -p "$out/assets" && cp index.html "$out/" && cat src/main.tsx > "$out/assets/main-1.js"
    ls -A > "$out/seen.txt"; echo "$NODE_EXTRA_CA_CERTS" >> "$out/seen.txt" ;;
esac
"""


class Checkout:
    def __init__(self, folder: Path) -> None:
        self.places = Places(folder / "console", folder / "package/console", folder / "work")
        self.asked, self.broken = folder / "asked", folder / "broken"
        self.said: list[str] = []
        programs = folder / "bin"
        for name, text in (("node", NODE), ("npm", NPM)):
            self.write(programs / name, text)
            (programs / name).chmod(0o755)
        self.environ = {
            "PATH": f"{programs}:/usr/bin:/bin", "HOME": str(folder),
            "ASKED": str(self.asked), "BROKEN": str(self.broken),
        }  # fmt: skip
        for name, text in (
            ("package.json", "{}"), ("package-lock.json", "{}"), ("index.html", "<!doctype html>"),
            ("src/main.tsx", "main();" * 500), ("tests/a.test.ts", "test"),
            ("node_modules/theirs", "kept"),
        ):  # fmt: skip
            self.write(self.places.sources / name, text)
        self.places.built.parent.mkdir()

    def write(self, path: Path, text: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def change(self, name: str, text: str) -> None:
        self.write(self.places.sources / name, text)

    def build(self) -> list[str]:
        """What npm was asked for."""
        self.asked.write_text("")
        ensure_built(self.places, self.environ, self.said.append)
        return [line.split()[0] for line in self.asked.read_text().splitlines()]

    def served(self, name: str) -> str:
        return (self.places.built / name).read_text()


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def test_it_is_built_when_its_sources_change_and_only_then(checkout: Checkout) -> None:
    """The first time, after a change of any source, and packages are fetched when their lock file
    changed; a test or a developer's node_modules is no source."""
    assert checkout.build() == ["ci", "exec"]
    assert checkout.build() == []
    checkout.change("src/main.tsx", "other();" * 500)
    assert checkout.build() == ["exec"]
    assert checkout.served("assets/main-1.js").startswith("other")
    checkout.change("package-lock.json", "{ }")
    assert checkout.build() == ["ci", "exec"]
    checkout.change("tests/a.test.ts", "other")
    checkout.change("node_modules/theirs", "other")
    assert checkout.build() == []
    (checkout.places.sources / "src/main.tsx").rename(checkout.places.sources / "src/old.tsx")
    checkout.change("src/main.tsx", "new();")
    assert checkout.build() == ["exec"]


def test_nothing_of_the_checkout_is_touched(checkout: Checkout) -> None:
    """A development server may be running in it: the build has a copy, without its packages."""
    checkout.build()
    theirs = checkout.places.sources / "node_modules"
    assert [path.name for path in theirs.iterdir()] == ["theirs"]
    seen = checkout.served("seen.txt").split()
    assert "theirs" not in seen
    assert "tests" not in seen
    assert (checkout.places.work / "node_modules/where").is_file()


def test_what_was_removed_is_gone_from_the_copy(checkout: Checkout) -> None:
    """A build from nothing and one after many changes see the same."""
    checkout.change("extra/old.ts", "old")
    checkout.build()
    (checkout.places.sources / "extra/old.ts").unlink()
    checkout.build()
    assert "extra" not in checkout.served("seen.txt").split()


def test_large_files_are_packed_beside(checkout: Checkout) -> None:
    """Once, by the build; a file that fits into a packet is left alone."""
    checkout.build()
    packed = checkout.places.built / "assets/main-1.js.gz"
    assert gzip.decompress(packed.read_bytes()).decode() == checkout.served("assets/main-1.js")
    assert not (checkout.places.built / "index.html.gz").exists()


def test_a_build_that_fails_leaves_what_was_there(checkout: Checkout) -> None:
    """And says what npm said and what to do; the next one goes on."""
    checkout.build()
    before = checkout.served("assets/main-1.js")
    checkout.change("src/main.tsx", "other();")
    checkout.broken.touch()
    with pytest.raises(ImageError, match=r"(?s)no such registry.*HTTPS_PROXY"):
        checkout.build()
    assert checkout.served("assets/main-1.js") == before
    assert not is_current(checkout.places)
    checkout.broken.unlink()
    assert checkout.build() == ["exec"]


def test_packages_that_did_not_arrive_are_fetched_again(checkout: Checkout) -> None:
    """Half of them is not taken for all."""
    checkout.broken.touch()
    with pytest.raises(ImageError):
        checkout.build()
    checkout.broken.unlink()
    assert checkout.build() == ["ci", "exec"]


def test_a_developers_own_build_is_not_taken_for_ours(checkout: Checkout) -> None:
    """It says nothing about what it was built from."""
    checkout.write(checkout.places.built / "index.html", "a developer's")
    assert checkout.build() == ["ci", "exec"]
    assert checkout.served("index.html") == "<!doctype html>"


def test_a_wheel_has_no_sources_and_builds_nothing(checkout: Checkout) -> None:
    """It brings the console built."""
    (checkout.places.sources / "package.json").unlink()
    assert checkout.build() == []
    assert not checkout.places.built.exists()


def test_of_two_one_builds(checkout: Checkout) -> None:
    """The other waits and finds it done."""
    checkout.asked.write_text("")
    both = [
        threading.Thread(
            target=ensure_built, args=(checkout.places, checkout.environ, checkout.said.append)
        )
        for _ in range(2)
    ]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert [line.split()[0] for line in checkout.asked.read_text().splitlines()] == ["ci", "exec"]


def test_the_hosts_authorities_reach_npm(checkout: Checkout, tmp_path: Path) -> None:
    """Those of SSL_CERT_FILE too, which Node itself does not read; what is set for Node stays."""
    bundle = tmp_path / "company.pem"
    bundle.write_text("certificate")
    checkout.environ["SSL_CERT_FILE"] = str(bundle)
    checkout.build()
    assert checkout.served("seen.txt").splitlines()[-1].endswith("/ca.pem")
    checkout.change("src/main.tsx", "other();")
    checkout.environ["NODE_EXTRA_CA_CERTS"] = str(bundle)
    checkout.build()
    assert checkout.served("seen.txt").splitlines()[-1] == str(bundle)


def test_a_folder_that_cannot_be_written_is_named(checkout: Checkout, tmp_path: Path) -> None:
    """With who should run this instead of a trace."""
    checkout.places.work.write_text("a file")
    with pytest.raises(ImageError, match="belong to"):
        checkout.build()


def test_the_places_are_those_of_this_package() -> None:
    """What is built is what the api serves."""
    from stateroom.api.console_files import FOLDER

    assert console.places().built == FOLDER
    assert os.access(console.places().sources / "package-lock.json", os.R_OK)
