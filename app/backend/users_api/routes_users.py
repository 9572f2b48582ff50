"""/api/users: create, list and search, read, change, delete."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from . import avatars, users
from .access import FromPool, Own, SignedIn, UserId
from .errors import Problem
from .models import MAX_ID, NewUser, Page, SearchTerm, User, UserChange
from .passwords import hash_password

router = APIRouter(prefix="/users")


@router.post("", status_code=201)
def create(pool: FromPool, new: NewUser) -> User:
    # Hashed before a connection is taken: scrypt is slow, connections are few.
    password_hash = hash_password(new.password)
    with pool.connection() as db:
        return users.create(db, new, password_hash)


@router.get("")
def listing(
    pool: FromPool,
    _: SignedIn,
    after: Annotated[int, Query(ge=0, le=MAX_ID)] = 0,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    q: SearchTerm = "",
) -> Page:
    """People with an id above `after`; `next` is the following page's `after`, null on the last page."""
    with pool.connection() as db:
        return users.page(db, after, limit, q)


@router.get("/{user_id}")
def read(pool: FromPool, _: SignedIn, user_id: UserId) -> User:
    with pool.connection() as db:
        return found(users.one(db, user_id))


@router.patch("/{user_id}")
def change(pool: FromPool, user_id: Own, wanted: UserChange) -> User:
    with pool.connection() as db:
        return found(users.change(db, user_id, wanted))


@router.delete("/{user_id}", status_code=204)
def delete(request: Request, pool: FromPool, user_id: Own) -> None:
    with pool.connection() as db:
        file = users.delete(db, user_id)
    # After the commit: a file without a row is litter, a row without its file is a loss.
    avatars.remove(request.app.state.settings.avatars, file)


def found(user: User | None) -> User:
    if user is None:
        raise Problem(404, "no_such_user", "Cette personne n'existe pas.")
    return user
