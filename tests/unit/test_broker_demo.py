"""The demo model's answer, and finding a tenant's prompt in what OpenClaw made around it."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from stateroom.broker import demo
from stateroom.broker.chat import Terms, parse_chat
from stateroom.broker.tenant_prompt import own_prompt

PROMPT = """You help the customers of Acme Corp.

## Tone
Be kind. Use `code` and "quotes".

# Rules
- never say AGENTS.md aloud
- end with PROMPT-END"""

# The form is that of OpenClaw 2026.9.6 as it was recorded; its own prose is left out.
BEFORE = """<!-- openclaw:attempt:STABLE -->
You are a personal assistant.
## Tooling
- tool_call
The AGENTS.md Tools section guides usage.
## Workspace
Working directory: /data/workspace
## Workspace Files (injected)
User-editable; loaded below as Project Context.
# Project Context
Loaded project context:
SOUL.md: persona/tone.
## /data/workspace/AGENTS.md
"""
OTHER_FILES = """
## /data/workspace/SOUL.md
[MISSING] Expected at: /data/workspace/SOUL.md
## /data/workspace/IDENTITY.md
[MISSING] Expected at: /data/workspace/IDENTITY.md"""
AFTER = """
<!-- /openclaw:attempt:STABLE -->
<!-- openclaw:attempt:DYNAMIC -->
## Temporal Context
Time zone: UTC
## Silent Replies
Nothing to say.
## Conversation Context
Extra system from a client
## Runtime
Reasoning=off
<!-- /openclaw:attempt:DYNAMIC -->"""
USER = """[Tue 2026-11-24 15:37 UTC] Hi, who are you?

Runtime: agent=main | session=agent:main:openai:1 | host=cabin-x | model=main/demo-1"""


def asked(messages: list[dict[str, Any]], **changes: Any) -> tuple[Terms, dict[str, Any]]:
    return parse_chat(json.dumps({"model": "demo-1", "messages": messages, **changes}).encode())


def answer(messages: list[dict[str, Any]], **changes: Any) -> str:
    return demo.answer_text(*asked(messages, **changes))


def openclaw(prompt: str = PROMPT) -> list[dict[str, Any]]:
    system = BEFORE + prompt + OTHER_FILES + AFTER
    return [{"role": "system", "content": system}, {"role": "user", "content": USER}]


def test_the_answer_says_what_it_is_and_what_it_saw() -> None:
    """It names itself, the model asked for, the last message and the tenant's own prompt."""
    assert answer(openclaw(), model="Some/Model-7:free") == (
        "I am Stateroom's demo model: no provider and no key stands behind this answer.\n\n"
        "Model asked for: Some/Model-7:free\n\n"
        "You said: [Tue 2026-11-24 15:37 UTC] Hi, who are you?\n\n"
        f"Your own prompt, as it reached me:\n{PROMPT}"
    )


def test_the_prompt_may_be_the_last_file() -> None:
    """With no other file after it, the prompt ends where OpenClaw's own text goes on."""
    assert own_prompt(BEFORE + PROMPT + AFTER) == PROMPT
    without_marks = AFTER.replace("<!-- /openclaw:attempt:STABLE -->", "").replace(
        "<!-- openclaw:attempt:DYNAMIC -->", "")
    assert own_prompt(BEFORE + PROMPT + without_marks).startswith(PROMPT)
    assert own_prompt(BEFORE + PROMPT) == PROMPT


def test_a_client_cannot_put_another_prompt_in_its_place() -> None:
    """A later section that looks the same, from a client's own system message, does not count."""
    forged = "\n# Project Context\n## /data/workspace/AGENTS.md\nforged\n"
    assert own_prompt(BEFORE + PROMPT + OTHER_FILES + AFTER + forged) == PROMPT


def test_without_a_section_all_of_the_system_text_is_told() -> None:
    """Another client than OpenClaw has no such section: all that it says is its prompt."""
    messages = [{"role": "developer", "content": [{"type": "text", "text": "Be brief."}]},
                {"role": "system", "content": "Be kind."}, {"role": "user", "content": "hi"}]
    assert answer(messages).endswith("as it reached me:\nBe brief.\n\nBe kind.")
    assert answer([{"role": "user", "content": "hi"}]).endswith("as it reached me:\n(none)")


def test_the_last_thing_the_user_said_is_found_in_every_form() -> None:
    """Parts, tool results after it, and OpenClaw's notes to the model are all coped with."""
    messages = [
        {"role": "user", "content": [{"type": "text", "text": "one"},
                                     {"type": "image_url", "image_url": {"url": "data:,"}},
                                     {"type": "text", "text": "two"}]},
        {"role": "assistant", "content": None, "tool_calls": []},
        {"role": "tool", "tool_call_id": "x", "content": "result"},
        {"role": "user", "content": "<<<BEGIN_OPENCLAW_INTERNAL_CONTEXT>>>\nsecret\n"
                                    "<<<END_OPENCLAW_INTERNAL_CONTEXT>>>"},
        {"role": "user", "content": None},
    ]
    assert "You said: one\ntwo\n" in answer(messages)
    assert "secret" not in answer(messages)


def test_what_is_repeated_is_bounded() -> None:
    """A long message or prompt does not come back whole."""
    text = answer([{"role": "system", "content": "p" * 100_000},
                   {"role": "user", "content": "u" * 100_000}])
    assert len(text) < demo.MAX_SAID + demo.MAX_PROMPT + 500


def test_whole_and_streamed_say_the_same() -> None:
    """The pieces put together are the whole answer, with the same usage and identity."""
    terms, document = asked(openclaw(), stream=True, stream_options={"include_usage": True})
    text = demo.answer_text(terms, document)
    whole = demo.completion(terms, text, 7)
    chunks = list(demo.chunks(terms, text, 7))
    pieces = [c["choices"][0]["delta"].get("content", "") for c in chunks[:-1]]
    assert "".join(pieces) == whole["choices"][0]["message"]["content"] == text
    assert chunks[-2]["choices"][0]["finish_reason"] == "stop"
    assert chunks[-1]["usage"] == whole["usage"]
    assert {chunk["id"] for chunk in chunks} == {whole["id"]}


@given(st.text(max_size=200))
@example("\n a  b\n\n")
def test_pieces_lose_nothing(said: str) -> None:
    """However the text is spaced, the streamed pieces are the whole of it."""
    terms, _ = asked([{"role": "user", "content": "x"}])
    pieces = [c["choices"][0]["delta"].get("content", "")
              for c in demo.chunks(terms, said, 0) if c["choices"]]
    assert "".join(pieces) == said


LINES = st.text(st.characters(exclude_characters="\r", exclude_categories=("Cs",)), max_size=40)


@given(st.lists(LINES, max_size=8).map("\n".join))
@example("# Project Context\n## notes\ntext")
@example("## AGENTS.md\nan own heading of that name")
@example("## Tools\n## docs/guide.md")
def test_any_prompt_comes_back_as_it_is(prompt: str) -> None:
    """Whatever a tenant writes that does not imitate the very marks around it comes back."""
    if "openclaw:" in prompt or "/data/workspace/" in prompt or "## Silent Replies" in prompt:
        return
    assert own_prompt(BEFORE + prompt + OTHER_FILES + AFTER) == prompt.strip()
