"""An issuer of tokens for tests and laptops: an OpenID Connect discovery document, its keys, and tokens made on request.

`python -m deploy.local issuer` serves one on loopback and prints how to use it. Nothing of it is for production: it gives
whoever asks the token they ask for.
"""

import json
import threading
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

AUDIENCE = "hearth"
SECONDS = 3600


class Issuer:
    """An issuer on a loopback port; `with` starts and stops it."""

    def __init__(self, port: int = 0) -> None:
        self._made = 1
        self.keys = [_key(self._made)]
        self._server = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> "Issuer":
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def rotate(self) -> None:
        """Sign with a new key from now on; the old one is no longer published."""
        self._made += 1
        self.keys = [_key(self._made)]

    def token(self, sub: str, *roles: str, seconds: float = SECONDS, **more: Any) -> str:
        """A token about somebody; `more` are other claims (projects, team, aud, ...)."""
        now = int(time.time())
        claims = {
            "iss": self.url,
            "aud": AUDIENCE,
            "sub": sub,
            "iat": now,
            "exp": now + int(seconds),
            "roles": [*roles],
        }
        key = self.keys[-1]
        return jwt.encode({"alg": "ES256", "kid": key.kid}, claims | more, key)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                """The discovery document, or the keys."""
                self._answer(issuer._documents().get(self.path))

            def do_POST(self) -> None:
                """A token with the claims asked for."""
                length = int(self.headers.get("content-length", 0))
                try:
                    asked = json.loads(self.rfile.read(length))
                    made = {"access_token": issuer.token(asked.pop("sub"), *asked.pop("roles", []), **asked)}
                except (ValueError, KeyError, TypeError):
                    made = None
                self._answer(made if self.path == "/token" else None)

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

            def _answer(self, found: Mapping[str, Any] | None) -> None:
                body = json.dumps(found or {"error": "invalid_request"}).encode()
                self.send_response(200 if found else 400)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        return Handler

    def _documents(self) -> dict[str, Mapping[str, Any]]:
        discovery = {"issuer": self.url, "jwks_uri": f"{self.url}/jwks", "token_endpoint": f"{self.url}/token"}
        keys: Any = KeySet(list(self.keys)).as_dict(private=False)
        return {"/.well-known/openid-configuration": discovery, "/jwks": keys}


def _key(number: int) -> ECKey:
    return ECKey.generate_key("P-256", parameters={"kid": f"local-{number}", "use": "sig"})
