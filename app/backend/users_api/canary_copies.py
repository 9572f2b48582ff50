"""Where canaries stand beside the database: files of the avatar volume, and a ConfigMap. Both mirror the database's
newest ones, whole and without gaps; what the database does not have is in neither."""

import http.client
import json
import os
import ssl
from pathlib import Path

from . import avatars
from .canary import Canary
from .settings import CannotStart

# The token and the CA that a pod is given; the token is renewed, so it is read for each request.
ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
API_SECONDS = 10


class Volume:
    """canary/<number>.json below the avatars' folder. Raises OSError."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "canary"
        self._there: dict[int, str] | None = None

    def mirror(self, chain: list[Canary]) -> None:
        # After a failure nobody knows what is there.
        there, self._there = self._there, None
        if there is None:
            there = self._look()
        for canary in chain:
            if there.get(canary.number) != canary.text:
                avatars.write(self._folder, f"{canary.number}.json", canary.text.encode())
                there[canary.number] = canary.text
        wanted = {canary.number for canary in chain}
        for number in set(there) - wanted:
            (self._folder / f"{number}.json").unlink(missing_ok=True)
            del there[number]
        self._there = there

    def _look(self) -> dict[int, str]:
        if not self._folder.is_dir():
            self._folder.mkdir()
            avatars.sync_folder(self._folder.parent)
        found = [path for path in self._folder.glob("*.json") if path.stem.isdecimal()]
        return {int(path.stem): path.read_text(errors="replace") for path in found}


class ConfigMap:
    """The ConfigMap `canary` of the pod's namespace: a JSON list, oldest first, under one key.

    One key, since apply leaves alone the keys that a restore brought back and nobody owns. Raises OSError.
    """

    def __init__(self) -> None:
        self._account = Path(os.environ.get("SERVICE_ACCOUNT_DIR", ACCOUNT))
        self._host = os.environ.get("KUBERNETES_SERVICE_HOST", "")
        self._port = int(os.environ.get("KUBERNETES_SERVICE_PORT", "443"))
        if not self._host:
            raise CannotStart("cannot beat: KUBERNETES_SERVICE_HOST is not set; it runs as a pod of the cluster")
        self._kept: http.client.HTTPSConnection | None = None

    def mirror(self, chain: list[Canary]) -> None:
        kept = self._kept is not None
        try:
            self._apply(chain)
        except (http.client.HTTPException, OSError) as error:
            self._close()
            if not kept:
                raise OSError(str(error) or type(error).__name__) from error
            # The API ends a connection that was kept for long: once more, on a new one.
            self.mirror(chain)

    def _apply(self, chain: list[Canary]) -> None:
        namespace = (self._account / "namespace").read_text().strip()
        path = f"/api/v1/namespaces/{namespace}/configmaps/canary?fieldManager=app-heartbeat&force=true"
        body = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "canary", "namespace": namespace},
            "data": {"canaries.json": json.dumps([canary._asdict() for canary in chain])},
        }
        headers = {
            "Authorization": f"Bearer {(self._account / 'token').read_text().strip()}",
            # JSON is YAML.
            "Content-Type": "application/apply-patch+yaml",
        }
        connection = self._connection()
        connection.request("PATCH", path, json.dumps(body), headers)
        answer = connection.getresponse()
        text = answer.read()
        if answer.status not in (200, 201):
            raise OSError(f"{answer.status} {_message(text)}")

    def _connection(self) -> http.client.HTTPSConnection:
        """Kept: a handshake at each beat is what an emulated machine would be busy with."""
        if self._kept is None:
            trust = ssl.create_default_context(cafile=str(self._account / "ca.crt"))
            self._kept = http.client.HTTPSConnection(self._host, self._port, timeout=API_SECONDS, context=trust)
        return self._kept

    def _close(self) -> None:
        if self._kept is not None:
            self._kept.close()
        self._kept = None


def _message(body: bytes) -> str:
    try:
        return str(json.loads(body)["message"])[:300]
    except (ValueError, KeyError, TypeError):
        return body[:300].decode(errors="replace")
