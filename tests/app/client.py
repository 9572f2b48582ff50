"""What a program that talks to the API sees: status, headers and body, errors included."""

import itertools
import json
import urllib.error
import urllib.request
from dataclasses import dataclass, replace
from typing import Any

PASSWORD = "douze caractères et plus"
_numbers = itertools.count(1)


@dataclass
class Answer:
    status: int
    headers: Any
    data: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.data)

    @property
    def code(self) -> str:
        return self.json["error"]["code"]

    @property
    def fields(self) -> dict[str, str]:
        return {one["field"]: one["message"] for one in self.json["error"]["fields"]}


@dataclass
class Client:
    base: str
    token: str | None = None
    id: int | None = None

    def call(self, method: str, path: str, body: Any = None, token: str | None = None) -> Answer:
        """bytes are sent as they are, anything else as JSON. Status 0: nobody answered."""
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, method=method, data=data)
        request.add_header("Content-Type", "application/json")
        if token or self.token:
            request.add_header("Authorization", f"Bearer {token or self.token}")
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return Answer(response.status, response.headers, response.read())
        except urllib.error.HTTPError as error:
            return Answer(error.code, error.headers, error.read())
        except (urllib.error.URLError, ConnectionError):
            return Answer(0, {}, b"{}")

    def get(self, path: str) -> Answer:
        return self.call("GET", path)

    def post(self, path: str, body: Any = None) -> Answer:
        return self.call("POST", path, body)

    def sign_in(self, email: str, password: str = PASSWORD) -> "Client":
        answer = self.post("/api/login", {"email": email, "password": password})
        assert answer.status == 200, answer.data
        return replace(self, token=answer.json["token"], id=answer.json["user"]["id"])

    def newcomer(self, name: str = "Nouvelle Personne") -> "Client":
        """Somebody new, signed in."""
        email = f"nouveau.{next(_numbers)}@exemple.test"
        assert self.post("/api/users", {"email": email, "name": name, "password": PASSWORD}).status == 201
        return self.sign_in(email)
