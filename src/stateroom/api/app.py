"""The application: routes, keys, errors and hosts put together. No state but what is handed in."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

from fastapi import APIRouter, Depends, FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from stateroom.api import (
    blueprints,
    bulk,
    deployments,
    entrance,
    errors,
    openapi,
    overview,
    providers,
    sessions,
    templates,
    tenant_access,
    tenant_watch,
    tenants,
    volumes,
    webhook,
)
from stateroom.api.bodies import shape_problems
from stateroom.api.browsers import Browsers
from stateroom.api.console_files import FOLDER, Console
from stateroom.api.dependencies import ApiDependencies
from stateroom.api.front import Front
from stateroom.api.heads import Heads
from stateroom.api.keys import PREFIX, KeyCheck
from stateroom.api.metrics import RequestCounter
from stateroom.api.parameters import each_once
from stateroom.errors import Invalid, StateroomError


def create_app(deps: ApiDependencies, console: Path = FOLDER) -> ASGIApp:
    """Everything that answers on the api's port. console: where its build is."""
    api = api_application()
    api.state.dependencies = deps
    browsers = Browsers(deps.repository.sessions, deps.admin, deps.settings)
    api.add_middleware(
        KeyCheck,
        admin=deps.admin,
        tenants=deps.repository.tenants,
        browsers=browsers,
        clock=deps.clock,
    )
    api.add_middleware(_PrivateAnswers)
    api.add_middleware(Heads)
    counter = RequestCounter(api)
    api.state.counter = counter
    return Front(
        Console(counter, deps.settings, console),
        entrance.tenant_app(deps.steward),
        deps.settings.console_host,
        deps.settings.tenant_domain,
    )


def api_application() -> FastAPI:
    """The calls alone, with nothing behind them and nobody to check keys."""
    app = FastAPI(
        title="Stateroom",
        version=version("stateroom"),
        # Served from a file, see openapi.py.
        openapi_url=None,
        # Both would load programs from other hosts.
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: f"{route.tags[0]}_{route.name}",
    )
    calls = APIRouter(prefix=PREFIX, dependencies=[Depends(each_once)])
    for part in (
        bulk, tenant_access, tenant_watch, tenants, blueprints, deployments, templates, providers,
        volumes, sessions, webhook, overview,
    ):  # fmt: skip
        calls.include_router(part.router)
    app.include_router(calls)
    app.add_route(f"{PREFIX}/openapi.json", _openapi, include_in_schema=False)
    app.add_exception_handler(StateroomError, errors.on_stateroom_error)
    app.add_exception_handler(HTTPException, errors.on_http_error)
    app.add_exception_handler(RequestValidationError, _on_bad_parameter)
    app.add_exception_handler(Exception, errors.on_unexpected)
    return app


class _PrivateAnswers:
    """ASGI: answers are for the one who asked, and are what they say they are."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def private(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = message["headers"]
                known = {name.lower() for name, _ in headers}
                for name, value in (
                    (b"cache-control", b"no-store"),
                    (b"x-content-type-options", b"nosniff"),
                ):
                    if name not in known:
                        headers.append((name, value))
            await send(message)

        await self._app(scope, receive, private)


async def _on_bad_parameter(_request: Request, error: Exception) -> Response:
    """Query and path parameters; the library's own answer would repeat what was sent."""
    assert isinstance(error, RequestValidationError)
    found = [{**entry, "loc": entry["loc"][1:] or entry["loc"]} for entry in error.errors()]
    return errors.answer(Invalid(shape_problems(found)))


async def _openapi(_request: Request) -> Response:
    return FileResponse(openapi.FILE, media_type="application/json")
