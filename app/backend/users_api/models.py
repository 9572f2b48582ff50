"""What comes in and goes out as JSON. Every limit here stands in a CHECK of the tables too."""

import re
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

MAX_ID = 2**63 - 1
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def _no_control(text: str) -> str:
    if CONTROL.search(text):
        raise ValueError("caractères de contrôle interdits")
    return text


def _is_email(text: str) -> str:
    if not EMAIL.fullmatch(text):
        raise ValueError("adresse e-mail attendue, par exemple prenom.nom@exemple.test")
    return _no_control(text)


Email = Annotated[str, StringConstraints(strip_whitespace=True, max_length=254), AfterValidator(_is_email)]
Name = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(_no_control)
]
Password = Annotated[str, Field(min_length=12, max_length=200)]
SearchTerm = Annotated[str, StringConstraints(strip_whitespace=True, max_length=100), AfterValidator(_no_control)]


class Strict(BaseModel):
    # A misspelt key is an error, not a change that silently does not happen.
    model_config = ConfigDict(extra="forbid")


class NewUser(Strict):
    email: Email
    name: Name
    password: Password


class UserChange(Strict):
    email: Email | None = None
    name: Name | None = None


class Credentials(Strict):
    email: Annotated[str, Field(max_length=254), AfterValidator(_no_control)]
    password: Annotated[str, Field(max_length=200)]


class User(BaseModel):
    id: int
    email: str
    name: str
    created_at: datetime
    updated_at: datetime
    avatar: bool


class Page(BaseModel):
    users: list[User]
    next: int | None


class Session(BaseModel):
    token: str
    expires_at: datetime
    user: User
