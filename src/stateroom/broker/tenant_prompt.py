"""Finding a tenant's own prompt again in the system prompt that OpenClaw made around it. Pure.

OpenClaw puts the workspace's files at the end of the part of its system prompt that it can
cache, each under its path (seen with 2026.9.6):

    # Project Context
    Loaded project context:
    SOUL.md: persona/tone. ...
    ## /data/workspace/AGENTS.md
    ...the tenant's own prompt, which may have headings of its own...
    ## /data/workspace/SOUL.md
    ...
    <!-- /openclaw:attempt:STABLE -->

So the prompt begins after the heading with its path, and ends at the heading of the next file
in the same folder, or at the mark.
"""

from __future__ import annotations

import re

CONTEXT = re.compile(r"^# Project Context[ \t]*$", re.MULTILINE)
HEADING = re.compile(
    r"^#{1,3} +`?(?P<folder>(?:[^\n`]*[/\\])?)AGENTS\.md`?[ \t]*$", re.MULTILINE | re.IGNORECASE
)
MARK = r"<!-- ?/?openclaw:[^\n>]*-->"
FALLBACK_END = r"## Silent Replies[ \t]*$"


def own_prompt(system: str) -> str:
    """The text of the workspace's AGENTS.md; all of `system` where there is no such section."""
    context = CONTEXT.search(system)
    heading = HEADING.search(system, context.end() if context else 0)
    if heading is None:
        return system.strip()
    end = _end(heading["folder"]).search(system, heading.end())
    return system[heading.end() : end.start() if end else len(system)].strip()


def _end(folder: str) -> re.Pattern[str]:
    other_file = rf"#{{1,3}} +`?{re.escape(folder)}[^\n/\\]+\.[A-Za-z0-9]+`?[ \t]*$"
    if not folder:
        other_file = r"#{1,3} +`?[A-Z]+\.md`?[ \t]*$"
    return re.compile(rf"^(?:{other_file}|{MARK}|{FALLBACK_END})", re.MULTILINE)
