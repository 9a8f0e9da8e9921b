"""Names: slugs, environment names, and hints for mistyped words."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stateroom.domain import names
from stateroom.domain.names import (
    display_name_problem,
    environment_problem,
    near,
    shown,
    slug_problem,
)

ANYTHING = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(st.characters()),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=2), st.none(), max_size=2),
    st.text("abz09-", max_size=45),
)


@pytest.mark.parametrize("slug", ["a", "acme", "a1", "a-b-c", "a" * 40])
def test_a_slug_of_the_contract_is_accepted(slug: str) -> None:
    """What api.md allows is allowed."""
    assert slug_problem(slug) is None


@pytest.mark.parametrize(
    "slug",
    ["", "1a", "-a", "a-", "a--b", "xn--a", "Acme", "a_b", "a.b", "a b", "a/b", "../a", "acme\n",
     "a\0", "a" * 41, "ácme", "а"],
)
def test_any_other_slug_is_refused_with_the_rule(slug: str) -> None:
    """What is no host name of ours is refused, and the hint says what is one."""
    problem = slug_problem(slug)
    assert problem is not None
    assert (problem.code, problem.pointer) == ("bad_slug", "/slug")
    assert "1 to 40" in problem.hint


@pytest.mark.parametrize("slug", ["console", "api", "www", "admin", "t"])
def test_a_reserved_slug_is_refused_with_another_proposal(slug: str) -> None:
    """Names that lead to our own parts go to nobody, and the proposal itself is good."""
    problem = slug_problem(slug)
    assert problem is not None
    assert problem.code == "reserved_slug"
    proposal = problem.hint.rstrip(".").split()[-1]
    assert slug_problem(proposal) is None


@settings(deadline=None, max_examples=60)
@given(ANYTHING)
def test_an_accepted_slug_is_a_host_label_whatever_was_sent(slug: object) -> None:
    """Nothing that DNS would refuse or read differently ever passes."""
    if slug_problem(slug) is None:
        assert isinstance(slug, str)
        assert re.fullmatch(r"[a-z]([a-z0-9-]*[a-z0-9])?", slug)
        assert len(slug) <= 40
        assert "--" not in slug
        assert slug not in names.RESERVED_SLUGS


@pytest.mark.parametrize(
    "name",
    ["NODE_OPTIONS", "node_options", "LD_PRELOAD", "LD_ANYTHING", "PATH", "HOME", "BASH_ENV", "ENV",
     "OPENCLAW_STATE_DIR", "STATEROOM_TENANT", "HTTP_PROXY", "https_proxy", "No_Proxy", "MY_PROXY",
     "PYTHONPATH", "SSL_CERT_FILE", "TMPDIR", "SHELL", "USER", "IFS", "GCONV_PATH", "PERL5OPT",
     "RUBYOPT", "JAVA_TOOL_OPTIONS", "npm_config_script_shell", "GIT_SSH_COMMAND",
     "XDG_CONFIG_HOME"],
)
def test_names_that_change_how_programs_run_are_refused(name: str) -> None:
    """A variable or secret can neither load code nor take over what belongs to the platform."""
    problem = environment_problem(name, "/variables/X")
    assert problem is not None
    assert (problem.code, problem.pointer) == ("reserved_name", "/variables/X")
    proposal = problem.hint.rstrip(".").split()[-1]
    assert proposal.startswith("APP_")


@pytest.mark.parametrize("name", ["", "1A", "A-B", "A B", "A=B", "A\n", "Ä", "A" * 129, "a/../b"])
def test_what_no_environment_can_hold_is_refused(name: str) -> None:
    """A secret's name is a file's name too: no slash, no dot, no newline."""
    problem = environment_problem(name, "/secrets/X")
    assert problem is not None
    assert problem.code == "bad_name"


@pytest.mark.parametrize("name", ["A", "_A", "CRM_API_KEY", "feature_reports", "TZ", "A" * 128])
def test_ordinary_names_are_accepted(name: str) -> None:
    """What people want to call their variables is possible."""
    assert environment_problem(name, "") is None


@pytest.mark.parametrize("name", ["Acme & Sons", "Ünïcode", "日本", "x" * 100])
def test_a_tenants_name_is_any_printable_text(name: str) -> None:
    """Companies are called what they are called."""
    assert display_name_problem(name) is None


@pytest.mark.parametrize(
    "name", ["", " ", "a\nb", "a\x1b[31m", "a\u202eb", "\ud800", "x" * 101, None, 5]
)
def test_a_tenants_name_cannot_hide_anything(name: object) -> None:
    """No control characters, no reversed text, nothing endless: it is put into prompts."""
    assert display_name_problem(name) is not None


def test_a_near_word_is_proposed_and_else_the_choice_is_told() -> None:
    """A hint names the word that was meant, or all that there are."""
    assert near("opencalw", ["url", "openclaw"], "kinds") == "Did you mean openclaw?"
    assert near("xyz", ["url", "model"], "kinds") == "Known kinds: model, url."
    assert near("xyz", [], "values") == "There are no values here."


@settings(deadline=None, max_examples=60)
@given(st.text(st.characters(), max_size=200) | st.integers() | st.floats() | st.none())
def test_whatever_was_sent_can_be_shown_in_a_sentence(value: object) -> None:
    """A shown value is short, on one line, and can be sent back as UTF-8."""
    text = shown(value)
    assert text.isprintable()
    assert len(text) < 500
    text.encode()
