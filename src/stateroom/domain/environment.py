"""A tenant's environment as a whole: each name once, and small enough to start a program with.

The kernel refuses to start a program whose environment is too large, and that would be told
nowhere but in a runtime that never comes up. So it is refused here, with a sentence.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from stateroom.domain.blocks import KINDS
from stateroom.domain.blocks.variables import MOST_VARIABLES, VARIABLE
from stateroom.domain.blueprint import Blueprint
from stateroom.domain.expansion import growth
from stateroom.domain.names import environment_problem, kind_of, shown
from stateroom.domain.pointer import pointer
from stateroom.domain.resolve import resolve
from stateroom.errors import Problem

MOST_BYTES = 1_000_000
"""Half of what Linux gives argv and environment together with its usual stack limit."""
LARGEST_SECRET = 32_768
"""Bytes. One string of an environment may have 128 KiB; no key is as long as this."""
MOST_SECRETS = 100


def check_variables(variables: Mapping[str, object]) -> Iterator[Problem]:
    """A tenant's own variables: names and texts."""
    if len(variables) > MOST_VARIABLES:
        detail = f"A tenant has at most {MOST_VARIABLES} variables of its own."
        yield Problem("/variables", "too_many", detail, "Leave some out.")
        return
    for name, text in variables.items():
        at = pointer("variables", name)
        if problem := environment_problem(name, at) or VARIABLE.problem(text, at):
            yield problem


def check_secrets(secrets: Mapping[str, object]) -> Iterator[Problem]:
    """A tenant's secrets, name -> value. No value is ever part of a problem."""
    if len(secrets) > MOST_SECRETS:
        detail = f"A tenant has at most {MOST_SECRETS} secrets."
        yield Problem("/secrets", "too_many", detail, "Leave some out.")
        return
    for name, value in secrets.items():
        at = pointer("secrets", name)
        if problem := environment_problem(name, at) or secret_value_problem(name, value, at):
            yield problem


def secret_value_problem(name: str, value: object, at: str) -> Problem | None:
    """What is wrong with a secret's value, or None; told without telling the value."""
    if not isinstance(value, str):
        return Problem(at, "wrong_type", f"A secret is text, not {kind_of(value)}.")
    if not value:
        hint = f"Send its value, or remove the secret {shown(name)}."
        return Problem(at, "too_short", "The secret is empty.", hint)
    if "\0" in value or len(value.encode("utf-8", "replace")) > LARGEST_SECRET:
        detail = f"A secret has at most {LARGEST_SECRET} bytes and no NUL."
        return Problem(at, "bad_secret", detail, "Keep large files in /data.")
    if value != value.encode("utf-8", "replace").decode():
        return Problem(at, "bad_secret", "The secret holds broken Unicode.", "Send it as UTF-8.")
    return None


def check_clashes(
    blueprint: Blueprint, variables: Mapping[str, object], secrets: Mapping[str, object]
) -> Iterator[Problem]:
    """Names that a tenant's own variables and secrets share with each other or with those of
    the blueprint. A secret that the blueprint names is the tenant's to give; a service's
    variables are of its own environment, where nothing of the tenant's own comes."""
    named = {str(block.options["name"]) for block in blueprint.of_kind("secret")}
    taken = {
        name: block.id
        for block in blueprint.of_kind("variables")
        for name, _ in KINDS[block.kind].names(block.options)
        if not blueprint.service_of(block.id)
    }
    for name in variables:
        if name in secrets or name in named:
            detail = f"{shown(name)} is a secret already."
            yield Problem(pointer("variables", name), "duplicate_name", detail, "Rename one.")
    for name in secrets:
        if name in taken and name not in named:
            detail = f"{shown(name)} is a variable of the blueprint ({taken[name]})."
            yield Problem(pointer("secrets", name), "duplicate_name", detail, "Rename the secret.")


def check_size(
    blueprint: Blueprint,
    values: Mapping[str, object],
    variables: Mapping[str, str],
    secrets: Mapping[str, str],
) -> Iterator[Problem]:
    """Whether everything together can be an environment. What is given must be checked."""
    total = sum(_size(n, t) for own in (variables, secrets) for n, t in own.items())
    for block in blueprint.of_kind("variables"):
        given = resolve(block, values, {}).texts("values")
        total += sum(_size(name, text) + growth(text) for name, text in given.items())
    if total > MOST_BYTES:
        detail = f"Variables and secrets together may have {MOST_BYTES} bytes; these have {total}."
        yield Problem("", "environment_too_large", detail, "Shorten or remove some.")


def _size(name: str, text: str) -> int:
    pointer_and_terminators = 10
    return len(name) + len(text.encode()) + pointer_and_terminators
