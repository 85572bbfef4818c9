"""The server's routes: search, predict, health, metrics, each answered from the one pair in use.

What belongs here: HTTP in, HTTP out. What does not: fields (requests.py), bounds (http_limits.py, work.py),
and renewing the pair (reloading.py).
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import FastAPI, HTTPException, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.types import ASGIApp

from webdata_assets import __version__
from webdata_assets.errors import TransientError
from webdata_assets.serving.http_limits import HttpLimits
from webdata_assets.serving.metrics import Metrics
from webdata_assets.serving.pair import Pair
from webdata_assets.serving.reloading import Reloader
from webdata_assets.serving.requests import (
    Health,
    PredictAnswer,
    PredictRequest,
    Problem,
    SearchAnswer,
    SearchQuery,
    health,
    predict_answer,
    search_answer,
)
from webdata_assets.serving.work import OverloadedError, Workers
from webdata_assets.settings import Settings
from webdata_assets.store import Store

RETRY_AFTER_SECONDS = 1


def create_app(store: Store, settings: Settings, *, hosts: tuple[str, ...] = ("*",)) -> ASGIApp:
    """Return the server's application; nothing is opened before it starts.

    Args:
        store: where releases are.
        settings: of the deployment; `serve_…` are the server's own.
        hosts: names that callers may call it by; others are refused, so that a page that lets its own name
            point here reads nothing. `*` for any.
    """
    metrics = Metrics()
    reloader = Reloader(store, settings, metrics)
    workers = Workers(settings.serve_threads)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        watching = asyncio.create_task(reloader.watch())
        yield
        watching.cancel()
        workers.close()

    # the pages of interactive documentation load scripts from elsewhere; /openapi.json stands by itself
    app = FastAPI(
        title="webdata", version=__version__, lifespan=lifespan, docs_url=None, redoc_url=None,
        # every answer that a route may give, so that /openapi.json keeps nothing back
        responses={status: {"model": Problem} for status in (400, 413, 414, 422, 503)},
    )  # fmt: skip
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(hosts), www_redirect=False)
    app.add_exception_handler(RequestValidationError, _wrong_input)
    app.add_exception_handler(OverloadedError, _overloaded)
    app.add_exception_handler(TransientError, _try_again)
    app.add_exception_handler(Exception, _failed)

    def pair_in_use() -> Pair:
        if reloader.pair is None:
            raise _unavailable(f"No release is in use: {reloader.problem}")
        return reloader.pair

    @app.get("/search")
    async def search(query: Annotated[SearchQuery, Query()]) -> SearchAnswer:
        """Records that answer a query, the best first."""
        return await workers.run(search_answer, pair_in_use(), query)

    @app.post("/predict")
    async def predict(request: PredictRequest) -> PredictAnswer:
        """The label of each text, and the probability of each label."""
        pair = pair_in_use()
        if pair.classifier is None:
            raise _unavailable(f"Release {pair.release.release} has no model: none was good enough so far")
        return await workers.run(predict_answer, pair, request)

    @app.get("/health")
    async def tell_health() -> Health:
        """Which release is served; 503 with the reason where none is."""
        return health(pair_in_use(), reloader.problem)

    @app.get("/metrics", response_class=PlainTextResponse)
    async def tell_metrics() -> Response:
        """Numbers for Prometheus."""
        return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)

    return HttpLimits(app, metrics=metrics)


def _unavailable(detail: str) -> HTTPException:
    return HTTPException(503, detail, headers={"Retry-After": str(RETRY_AFTER_SECONDS)})


async def _overloaded(_request: Request, _error: Exception) -> JSONResponse:
    return _later("Too many requests are waiting")


async def _try_again(_request: Request, error: Exception) -> JSONResponse:
    return _later(str(error))


def _later(detail: str) -> JSONResponse:
    return JSONResponse({"detail": detail}, 503, headers={"Retry-After": str(RETRY_AFTER_SECONDS)})


async def _failed(_request: Request, _error: Exception) -> JSONResponse:
    # the error itself goes on to the server's log
    return JSONResponse({"detail": "This request failed; the server's log tells more"}, 500)


async def _wrong_input(_request: Request, error: Exception) -> JSONResponse:
    """Name each field and what is wrong with it. The caller's own values are not sent back."""
    assert isinstance(error, RequestValidationError)
    lines = [
        f"{'.'.join(map(str, each['loc']))}: {each['msg'].removeprefix('Value error, ')}"
        for each in error.errors()
    ]
    return JSONResponse({"detail": "; ".join(lines)}, 422)
