"""The pages as one ASGI application, over a House; it opens no port."""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable
from pathlib import Path

import structlog
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from console.bootstrap import House
from console.operations.plain import as_plain, in_words
from console.operations.status import Status, status
from console.passwords import OPERATOR
from console.web import metrics
from console.web.guard import BasicLogin, SecurityHeaders
from ledger.database import BadLedgerUrl
from ledger.schema import SchemaOutOfDate

log = structlog.get_logger("kashforce.web")

HERE = Path(__file__).parent
HEALTH = "/healthz"
#: How often an open page looks again.
REFRESH_SECONDS = 10

LEDGER_FAULTS = (SQLAlchemyError, SchemaOutOfDate, BadLedgerUrl)


def create_app(house: House, password: str) -> Starlette:
    """Connects to nothing before the first request. Every path but `/healthz` wants the user `operator` and `password`."""
    pages = Pages(house)
    return Starlette(
        routes=[
            Route("/", pages.home),
            Route("/api/status", pages.api_status),
            Route("/metrics", pages.metrics),
            Route(HEALTH, pages.health),
            Route("/style.css", _file("style.css")),
            Route("/icon.svg", _file("icon.svg")),
        ],
        middleware=[
            Middleware(SecurityHeaders),
            Middleware(BasicLogin, user=OPERATOR, password=password, open_paths=[HEALTH]),
        ],
        exception_handlers=dict.fromkeys(LEDGER_FAULTS, _ledger_fault),
    )


class Pages:
    """One handler for each page. The ledger is asked in a thread, so that a slow answer holds up nobody else."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._template = _templates().get_template("status.html")
        #: One look at a time: ten open pages must not become ten counts of all deliveries side by side.
        self._looking = threading.Lock()

    async def home(self, request: Request) -> Response:
        seen = await self._look()
        page = self._template.render(
            seen=seen,
            dead=sum(queue.dead for queue in seen.queues),
            waiting=sum(queue.waiting + queue.running for queue in seen.queues),
            refresh_seconds=REFRESH_SECONDS,
            flower=f"http://{request.url.hostname}:{self._house.settings.flower_port}/",
        )
        return HTMLResponse(page)

    async def api_status(self, _request: Request) -> Response:
        return JSONResponse(as_plain(await self._look()))

    async def metrics(self, _request: Request) -> Response:
        return Response(metrics.as_text(await self._look()), media_type=metrics.CONTENT_TYPE)

    async def health(self, _request: Request) -> Response:
        """For load balancers: tells nothing but whether the ledger can be read."""
        await run_in_threadpool(self._touch_ledger)
        return PlainTextResponse("ok\n")

    async def _look(self) -> Status:
        return await run_in_threadpool(self._look_now)

    def _look_now(self) -> Status:
        with self._looking:
            return status(self._house)

    def _touch_ledger(self) -> None:
        with self._looking:
            ledger = self._house.ledger
        with ledger.reading() as connection:
            connection.exec_driver_sql("SELECT 1")


def _templates() -> Environment:
    templates = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters["in_words"] = in_words
    return templates


def _file(name: str) -> Callable[[Request], Awaitable[Response]]:
    async def serve(_request: Request) -> Response:
        return FileResponse(HERE / "static" / name)

    return serve


async def _ledger_fault(_request: Request, error: Exception) -> Response:
    """Whatever a database says may name its address, so only the kind of the fault is told."""
    log.error("ledger_unreadable", error=type(error).__name__)
    return PlainTextResponse("the ledger cannot be read; run 'kashforce doctor'\n", status_code=503)
