"""As much of a cluster's API as the heartbeat talks to, over TLS on 127.0.0.1."""

import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

TLS = Path("/tls")


class Cluster:
    """`data` is the ConfigMap's, as the last request left it; `refuses` is what it answers instead."""

    def __init__(self, account: Path) -> None:
        account.mkdir()
        (account / "namespace").write_text("app")
        (account / "token").write_text("t0ken\n")
        (account / "ca.crt").write_bytes((TLS / "ca.crt").read_bytes())
        self.account = account
        self.data: dict[str, str] = {}
        self.refuses: str | None = None
        self.connections = 0
        self._server: ThreadingHTTPServer | None = None
        self.port = 0

    @property
    def environment(self) -> dict[str, str]:
        return {
            "KUBERNETES_SERVICE_HOST": "127.0.0.1",
            "KUBERNETES_SERVICE_PORT": str(self.port),
            "SERVICE_ACCOUNT_DIR": str(self.account),
        }

    @property
    def canaries(self) -> list[dict]:
        return json.loads(self.data.get("canaries.json", "[]"))

    def start(self) -> None:
        server = ThreadingHTTPServer(("127.0.0.1", self.port), _handler(self))
        server.daemon_threads = True
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(TLS / "tls.crt", TLS / "tls.key")
        server.socket = context.wrap_socket(server.socket, server_side=True)
        self.port = server.server_address[1]
        self._server = server
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def stop(self) -> None:
        """Who is connected is answered no more."""
        self.refuses = "cut"
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
        self._server = None


def _handler(cluster: Cluster) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            super().setup()
            cluster.connections += 1

        def do_PATCH(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if cluster.refuses == "cut":
                self.close_connection = True
                return
            wanted = "/api/v1/namespaces/app/configmaps/canary?fieldManager=app-heartbeat&force=true"
            as_expected = (
                self.path == wanted
                and self.headers["Authorization"] == "Bearer t0ken"
                and self.headers["Content-Type"] == "application/apply-patch+yaml"
                and body["metadata"] == {"name": "canary", "namespace": "app"}
            )
            if cluster.refuses is None and as_expected:
                cluster.data = body["data"]
                return self._answer(200, {})
            self._answer(403, {"message": cluster.refuses or f"not foreseen: {self.path}"})

        def _answer(self, status: int, body: dict) -> None:
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    return Handler
