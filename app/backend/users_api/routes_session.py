"""/api/health, /api/login, /api/logout, /api/me."""

from fastapi import APIRouter, Request, Response

from . import sessions
from .access import FromPool, SignedIn, Token
from .errors import Problem
from .health import health
from .models import Credentials, Session, User

router = APIRouter()


@router.get("/health")
def get_health(request: Request, pool: FromPool, response: Response) -> dict:
    answer = health(pool, request.app.state.settings)
    response.status_code = 200 if answer["status"] == "ok" else 503
    return answer


@router.get("/live")
def get_live() -> dict[str, str]:
    """The process answers; whether it has a database is health's matter, and no reason to restart it."""
    return {"status": "ok"}


@router.post("/login")
def login(pool: FromPool, given: Credentials) -> Session:
    # Not in a transaction: a try counts even if what follows fails.
    with pool.connection() as db:
        db.autocommit = True
        try:
            result = sessions.sign_in(db, given)
        finally:
            db.autocommit = False
    if isinstance(result, Session):
        return result
    if result.retry_after is None:
        raise Problem(401, "wrong_credentials", "E-mail ou mot de passe incorrect.")
    text = f"Trop de tentatives pour cette adresse ; réessayez dans {result.retry_after // 60} minutes."
    raise Problem(429, "too_many_tries", text, {"Retry-After": str(result.retry_after)})


@router.post("/logout", status_code=204)
def logout(pool: FromPool, token: Token) -> None:
    with pool.connection() as db:
        sessions.sign_out(db, token)


@router.get("/me")
def me(user: SignedIn) -> User:
    return user
