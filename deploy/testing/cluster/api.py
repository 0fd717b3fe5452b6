"""The few questions that the cluster test asks an API server, over HTTPS with a token."""

import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

Object = dict[str, Any]
APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"


class Refused(Exception):
    """The API server's answer is no: `code` of HTTP, and its words."""

    def __init__(self, code: int, words: str) -> None:
        super().__init__(f"{code}: {words}")
        self.code, self.words = code, words


class Api:
    """An API server; `warnings` are all that it gave with its answers."""

    def __init__(self, place: str, token: str, authority: Path) -> None:
        self._place, self._token = place, token
        self._trust = ssl.create_default_context(cafile=str(authority))
        self.warnings: list[str] = []

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"https://{self._place}"

    def __call__(self, method: str, path: str, body: Any = None, kind: str = "application/json") -> Object:
        """Ask; the answer's object. Raises Refused."""
        try:
            with self._open(method, path, body, kind, 30) as answer:
                self.warnings += answer.headers.get_all("Warning") or []
                return json.load(answer)
        except urllib.error.HTTPError as error:
            said = error.read().decode(errors="replace")
            raise Refused(error.code, json.loads(said)["message"] if said.startswith("{") else said) from None

    def _open(self, method: str, path: str, body: Any, kind: str, seconds: float) -> Any:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": kind}
        asked = urllib.request.Request(f"https://{self._place}{path}", data, headers, method=method)
        return urllib.request.urlopen(asked, timeout=seconds, context=self._trust)  # noqa: S310

    def says(self, path: str) -> str:
        """The text of an answer; "" while there is none."""
        try:
            with self._open("GET", path, None, "application/json", 5) as answer:
                return answer.read().decode()
        except OSError:
            return ""

    def items(self, path: str) -> list[Object]:
        """The objects of a list."""
        return self("GET", path).get("items") or []

    def there(self, path: str) -> bool:
        """Whether an object is there."""
        try:
            self("GET", path)
        except Refused as error:
            if error.code != 404:
                raise
            return False
        return True

    def events(self, path: str, seconds: int) -> Iterator[tuple[str, Object]]:
        """What happens to the objects of a list from now on, as it happens: (ADDED, MODIFIED or DELETED, the object)."""
        with self._open("GET", f"{path}?watch=1&timeoutSeconds={seconds}", None, "application/json", seconds) as stream:
            for line in stream:
                event = json.loads(line)
                yield event["type"], event["object"]

    def resources(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Every kind that the server knows: (path of its group and version, what it says of the kind)."""
        groups = [group["preferredVersion"]["groupVersion"] for group in self("GET", "/apis")["groups"]]
        for place in ["/api/v1", *(f"/apis/{each}" for each in groups)]:
            for about in self("GET", place)["resources"]:
                if "/" not in about["name"]:
                    yield place, about

    def path_of(self, thing: Mapping[str, Any], namespace: str) -> str:
        """The path of the list that an object belongs to. Raises Refused for a kind that the server does not know."""
        version, kind = thing["apiVersion"], thing["kind"]
        place = f"/apis/{version}" if "/" in version else f"/api/{version}"
        for about in self("GET", place)["resources"]:
            if about["kind"] == kind and "/" not in about["name"]:
                return f"{place}/{f'namespaces/{namespace}/' if about['namespaced'] else ''}{about['name']}"
        raise Refused(404, f"no kind {kind} in {version}")
