"""The few pages of plain HTML that people see until the console is there. No script, nothing
from elsewhere: the policy allows exactly the one style sheet below."""

from __future__ import annotations

import base64
import hashlib
from html import escape

from starlette.responses import HTMLResponse

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:18vh auto;padding:0 1.5rem;"
    "color:#1c2733;background:#f7f8fa}h1{font-size:1.4rem}code{background:#e8ecf1;padding:.15em "
    ".4em;border-radius:4px}@media(prefers-color-scheme:dark){body{color:#dde3ea;background:"
    "#12181f}code{background:#222c37}}"
)
_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

HEADERS = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def page(title: str, *paragraphs: str, status: int = 200) -> HTMLResponse:
    """paragraphs: text; what stands between backticks is shown as code."""
    body = "".join(f"<p>{_marked(text)}</p>" for text in paragraphs)
    html = (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style>"
        f"<h1>{escape(title)}</h1>{body}</html>"
    )
    return HTMLResponse(html, status, HEADERS)


def _marked(text: str) -> str:
    parts = escape(text).split("`")
    return "".join(f"<code>{p}</code>" if i % 2 else p for i, p in enumerate(parts))
