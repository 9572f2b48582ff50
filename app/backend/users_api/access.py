"""What routes ask for: the pool, and the person whose token came along."""

from typing import Annotated

from fastapi import Depends, Header, Path, Request

from . import sessions
from .database import Pool
from .errors import Problem
from .models import MAX_ID, User

UserId = Annotated[int, Path(ge=1, le=MAX_ID)]


def pool(request: Request) -> Pool:
    return request.app.state.pool


# Routes take a connection for as short as they need it, and never two at once: with all of them waiting
# for a second one, nobody would ever get it.
FromPool = Annotated[Pool, Depends(pool)]


def token(authorization: Annotated[str, Header()] = "") -> str:
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() != "bearer" or not value:
        raise _signed_out()
    return value


Token = Annotated[str, Depends(token)]


def signed_in(pool: FromPool, token: Token) -> User:
    with pool.connection() as db:
        user = sessions.whose(db, token)
    if user is None:
        raise _signed_out()
    return user


SignedIn = Annotated[User, Depends(signed_in)]


def own(user_id: UserId, user: SignedIn) -> int:
    """Everybody signed in may read the directory; people change only themselves."""
    if user.id != user_id:
        raise Problem(403, "not_yours", "Vous ne pouvez modifier que votre propre fiche.")
    return user_id


Own = Annotated[int, Depends(own)]


def _signed_out() -> Problem:
    return Problem(401, "signed_out", "Connectez-vous d'abord.", {"WWW-Authenticate": "Bearer"})
