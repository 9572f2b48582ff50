"""The HTTP server: routes put together, errors turned into one shape, pool and threads bounded."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI

from . import avatars
from .database import pool
from .errors import install
from .routes_avatars import router as avatar_routes
from .routes_session import router as session_routes
from .routes_users import router as user_routes
from .settings import Settings

PORT = 8000
# Each may hold 16 MiB for scrypt; the pod has 192.
THREADS = 4


def make_app(settings: Settings) -> FastAPI:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        current_default_thread_limiter().total_tokens = THREADS
        app.state.settings = settings
        app.state.pool = pool(settings)
        app.state.pool.open(wait=False)
        avatars.sweep(settings.avatars)
        yield
        app.state.pool.close(timeout=3)

    # The interactive documentation would load scripts from elsewhere.
    app = FastAPI(
        title="API Utilisateurs", docs_url=None, redoc_url=None, openapi_url="/api/openapi.json", lifespan=lifespan
    )
    install(app)
    for router in (session_routes, user_routes, avatar_routes):
        app.include_router(router, prefix="/api")
    return app


def serve(settings: Settings) -> None:
    # The access log is nginx's; here a search term would end up in it a second time.
    uvicorn.run(
        make_app(settings),
        host="0.0.0.0",
        port=PORT,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=10,
    )
