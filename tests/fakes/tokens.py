"""`TokenServer`: gives docker-registry's bearer tokens to alice, signed by openssl; others may read what is public.

Source: distribution's "Token Authentication Specification" and "Token Authentication Implementation".
"""

from __future__ import annotations

import base64
import json
import ssl
import subprocess
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from fakes.distribution import certificate

ISSUER, SERVICE = "test-issuer", "test-registry"
USERS = {"alice": "secret"}
_IDENTITY = "identity-of-"


class TokenServer:
    """Serves while it is entered, with `tls` by https and the certificate `cert.pem` of the folder.

    Only alice may push, and nobody else may read what is below `private/`. Who wants to stay gets an identity token where
    it `gives_identity`.
    """

    def __init__(self, folder: Path, *, tls: bool = False, gives_identity: bool = False) -> None:
        folder.mkdir()
        self.key, self.certificate = folder / "token.key", folder / "token.pem"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={ISSUER}",
             "-keyout", str(self.key), "-out", str(self.certificate)],
            check=True,
            capture_output=True,
        )  # fmt: skip
        self.asked: list[list[str]] = []
        self.gives_identity = gives_identity
        self.scheme = "https" if tls else "http"
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        if tls:
            certificate(folder)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self._server.server_address[1]}"

    @property
    def settings(self) -> dict[str, Any]:
        """The part of a registry's configuration that sends people here."""
        realm = f"{self.scheme}://{self.host}/token"
        bundle = str(self.certificate)
        return {"token": {"realm": realm, "service": SERVICE, "issuer": ISSUER, "rootcertbundle": bundle}}

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def token(self, user: str, scopes: list[str]) -> str:
        self.asked.append(scopes)
        now = int(time.time())
        claims = {
            "iss": ISSUER, "sub": user, "aud": SERVICE, "jti": str(now), "iat": now, "nbf": now - 10, "exp": now + 300,
            "access": [granted for scope in scopes if (granted := _granted(user, scope))],
        }  # fmt: skip
        der = base64.b64encode(self._der()).decode()
        signed = f"{_encoded({'typ': 'JWT', 'alg': 'RS256', 'x5c': [der]})}.{_encoded(claims)}"
        made = subprocess.run(
            ["openssl", "dgst", "-sha256", "-sign", str(self.key)],
            input=signed.encode(),
            check=True,
            capture_output=True,
        )
        return f"{signed}.{_base64(made.stdout)}"

    def _der(self) -> bytes:
        command = ["openssl", "x509", "-in", str(self.certificate), "-outform", "DER"]
        return subprocess.run(command, check=True, capture_output=True).stdout


def _granted(user: str, scope: str) -> Mapping[str, Any] | None:
    kind, name, actions = scope.split(":")
    wanted = actions.split(",")
    if not user:
        wanted = [action for action in wanted if action == "pull" and not name.startswith("private/")]
    return {"type": kind, "name": name, "actions": wanted} if wanted else None


def _encoded(value: Mapping[str, Any]) -> str:
    return _base64(json.dumps(value).encode())


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _handler(tokens: TokenServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            given = self.headers.get("Authorization", "").removeprefix("Basic ")
            name, _, password = base64.b64decode(given).decode().partition(":")
            good = not given or USERS.get(name) == password
            question = parse_qs(urlsplit(self.path).query)
            self._answer(name, question.get("scope", []), good=good, stay="offline_token" in question)

        def do_POST(self) -> None:
            form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            name = form["refresh_token"][0].removeprefix(_IDENTITY)
            self._answer(name, form.get("scope", [""])[0].split(), good=name in USERS, stay=False)

        def _answer(self, name: str, scopes: list[str], *, good: bool, stay: bool) -> None:
            answer = {"token": tokens.token(name, scopes)} if good else {}
            if good and stay and tokens.gives_identity:
                answer["refresh_token"] = f"{_IDENTITY}{name}"
            body = json.dumps(answer).encode()
            self.send_response(200 if good else 401)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    return Handler
