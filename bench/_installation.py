"""The running installation, as a program sees it: the API on loopback, tenants over HTTPS."""

from __future__ import annotations

import http.client
import json
import os
import socket
import ssl
import time
import urllib.error
import urllib.request
from typing import Any

from stateroom.settings import Settings, load


class Running:
    """The installation of STATEROOM_HOME; `scripts/up` must have been there."""

    def __init__(self) -> None:
        self.settings: Settings = load(os.environ)
        self.key = (self.settings.home / "admin.key").read_text().strip()
        self.tls = ssl.create_default_context(cafile=str(self.settings.home / "ca.pem"))

    def api(self, method: str, path: str, body: Any = None) -> Any:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.settings.api_port}/api/v1{path}",
            method=method,
            headers={"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"},
            data=None if body is None else json.dumps(body).encode(),
        )
        with urllib.request.urlopen(request, timeout=90) as answer:
            said = answer.read()
        return json.loads(said) if said else None

    def token(self, slug: str) -> str:
        return str(self.api("GET", f"/tenants/{slug}/access")["api_token"])

    def chat(self, slug: str, token: str, text: str = "Hello") -> str:
        """One chat over HTTPS on a connection of its own; the answer's text."""
        host = f"{slug}.{self.settings.tenant_domain}"
        address = (self.settings.edge_address, self.settings.https_port)
        with (
            socket.create_connection(address, timeout=90) as plain,
            self.tls.wrap_socket(plain, server_hostname=host) as secure,
        ):
            connection = http.client.HTTPConnection(host, self.settings.https_port)
            connection.sock = secure
            headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
            connection.request("POST", "/v1/chat/completions", chat_body(text), headers)
            return answer_text(connection.getresponse())

    def erase(self, slug: str) -> None:
        """Comes back when nothing is left of the tenant."""
        self.api("DELETE", f"/tenants/{slug}?data=erase")
        while True:
            try:
                self.api("GET", f"/tenants/{slug}")
            except urllib.error.HTTPError as error:
                if error.code == 404:
                    return
                raise
            time.sleep(0.1)


def chat_body(text: str) -> str:
    return json.dumps({"model": "openclaw", "messages": [{"role": "user", "content": text}]})


def answer_text(response: http.client.HTTPResponse) -> str:
    said = response.read()
    if response.status != 200:
        raise RuntimeError(f"the chat was answered {response.status}: {said[:200]!r}")
    return str(json.loads(said)["choices"][0]["message"]["content"])
