"""Every error leaves as {error: {code, message, fields: [{field, message}]}}, in French: a person reads it."""

import logging

import psycopg
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from psycopg_pool import PoolTimeout
from starlette.exceptions import HTTPException

log = logging.getLogger("uvicorn.error")

# By pydantic's type of error; {} takes its context.
FIELD_TEXTS = {
    "missing": "champ obligatoire",
    "extra_forbidden": "champ inconnu",
    "string_type": "texte attendu",
    "string_unicode": "texte Unicode attendu",
    "string_too_short": "{min_length} caractères au moins",
    "string_too_long": "{max_length} caractères au plus",
    "int_parsing": "nombre entier attendu",
    "greater_than_equal": "{ge} au moins",
    "less_than_equal": "{le} au plus",
    "json_invalid": "JSON illisible",
    "model_attributes_type": "objet JSON attendu",
}


class Problem(Exception):
    def __init__(self, status: int, code: str, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.headers = status, code, message, headers


def _answer(
    status: int, code: str, message: str, fields: list | None = None, headers: dict | None = None
) -> JSONResponse:
    error = {"code": code, "message": message, "fields": fields or []}
    return JSONResponse({"error": error}, status_code=status, headers=headers)


def _field(error: dict) -> dict[str, str]:
    template = FIELD_TEXTS.get(error["type"])
    context = error.get("ctx", {})
    text = template.format(**context) if template else str(context.get("error", "valeur invalide"))
    # Of unreadable JSON the location is an offset, not a field.
    place = [part for part in error["loc"][1:] if isinstance(part, str)]
    return {"field": ".".join(place), "message": text}


def install(app: FastAPI) -> None:
    @app.exception_handler(Problem)
    def problem(_: Request, error: Problem) -> JSONResponse:
        return _answer(error.status, error.code, error.message, headers=error.headers)

    @app.exception_handler(RequestValidationError)
    def invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        fields = [_field(one) for one in error.errors()]
        return _answer(422, "invalid", "Données invalides.", fields)

    @app.exception_handler(HTTPException)
    def http(_: Request, error: HTTPException) -> JSONResponse:
        known = {404: "Adresse inconnue.", 405: "Méthode non permise ici."}
        return _answer(
            error.status_code, "http", known.get(error.status_code, "Requête refusée."), headers=error.headers
        )

    @app.exception_handler(psycopg.errors.UniqueViolation)
    def taken(_: Request, error: psycopg.Error) -> JSONResponse:
        return _answer(
            409,
            "email_taken",
            "Cette adresse e-mail est déjà utilisée.",
            [{"field": "email", "message": "déjà utilisée"}],
        )

    @app.exception_handler(psycopg.OperationalError)
    @app.exception_handler(PoolTimeout)
    def away(_: Request, error: Exception) -> JSONResponse:
        log.error("cannot reach the database: %s", error)
        return _answer(
            503, "database_away", "La base de données ne répond pas ; réessayez.", headers={"Retry-After": "5"}
        )

    @app.exception_handler(Exception)
    def bug(_: Request, error: Exception) -> JSONResponse:
        return _answer(500, "bug", "Erreur interne ; elle est dans le journal du serveur.")
