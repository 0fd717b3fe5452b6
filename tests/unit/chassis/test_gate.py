"""The gate: what the table allows within a scope, how often, and that it is written down before anything is done."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from fastapi import APIRouter, Request
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import Forbidden, InvalidRequest, NotFound, TooManyRequests, Unauthenticated
from chassis.gate.audit import FIRST, Entry, check, entry_of, one_line, seal
from chassis.gate.gate import Gate, Shown, ids_in
from chassis.gate.http import asked
from chassis.gate.limits import Limit
from chassis.gate.principal import LOCAL_ADMIN, Principal, asking
from chassis.gate.quotas import records_in, window_of
from chassis.gate.services import identity_of
from chassis.gate.table import SCOPES, TableError, Where, load_table, read_table
from deploy.local import identity

RAW: dict[str, Any] = {
    "roles": {"seller": "sells", "chief": "leads", "local-admin": "all"},
    "resources": {"thing": {"actions": ["read", "change"], "classes": ["contact"]}},
    "audited": ["thing.change"],
    "exported": ["thing.read"],
    "limits": {},
    "doors": {
        "shop": {"GET /v1/things/{thing_id}": "thing.read", "POST /v1/things/{thing_id}": "thing.change"},
        "every": {"GET /docs": "public"},
    },
    "grants": [
        {"role": "seller", "scope": "project", "may": ["thing.read"]},
        {"role": "seller", "scope": "own", "may": ["thing.change"]},
        {"role": "chief", "scope": "team", "may": ["thing.change"]},
        {"role": "local-admin", "scope": "all", "may": ["thing.read", "thing.change"]},
    ],
    "shows": [
        {"role": "seller", "classes": {"contact": "masked"}},
        {"role": "chief", "classes": {"contact": "clear"}},
    ],
}
NOW = datetime(2026, 3, 2, tzinfo=UTC)
READ, CHANGE = "GET /v1/things/{thing_id}", "POST /v1/things/{thing_id}"
THINGS = {"mine": Where(frozenset({"P1"}), frozenset({"ann"})), "theirs": Where(frozenset({"P2"}), frozenset({"bob"}))}
THINGS["m-1"] = THINGS["mine"]


class Remembering:
    """An audit log in memory."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    async def append(self, entry: Entry) -> None:
        self.entries.append(entry)


class Counting:
    """Counts of quotas in memory, as the database keeps them (`integration/test_quotas.py`)."""

    def __init__(self) -> None:
        self.had: dict[tuple[str, str, str], int] = {}

    async def take(self, quota: str, name: str, window: str, count: int, most: int) -> bool:
        place = (quota, name, window)
        if self.had.get(place, 0) + count > most:
            return False
        self.had[place] = self.had.get(place, 0) + count
        return True


class Known:
    """A verifier that knows its callers."""

    def __init__(self, **callers: Principal) -> None:
        self.callers = callers

    async def verify(self, token: str) -> Principal:
        if token not in self.callers:
            raise Unauthenticated("unknown")
        return self.callers[token]


async def where_things_are(asked: Mapping[str, str]) -> Where:
    if asked["thing_id"] not in THINGS:
        raise NotFound
    return THINGS[asked["thing_id"]]


ANN = Principal("ann", frozenset({"seller"}), frozenset({"P1"}))
CHIEF = Principal("cleo", frozenset({"chief"}), frozenset(), frozenset({"bob"}))


def gate(verifier: Any = None, per_second: float = 0.0, raw: dict[str, Any] = RAW, **more: Any) -> Gate:
    whereabouts = {"thing": where_things_are}
    known = verifier or Known(ann=ANN, cleo=CHIEF, none=Principal("nobody"), odd=Principal("odd", frozenset({"boss"})))
    return Gate("shop", read_table(raw), known, whereabouts, Remembering(), lambda: NOW, per_second, **more)


def written(of: Gate) -> list[Entry]:
    """What is in its audit log."""
    return of.audit.entries  # type: ignore[attr-defined]


async def ask(of: Gate, who: str, door: str, **asked: str) -> str:
    """How a request ends."""
    try:
        await of.know(door, Shown(f"Bearer {who}", "127.0.0.1"))
        await of.admit(door, asked)
    except (Forbidden, Unauthenticated, TooManyRequests, NotFound) as error:
        return error.code
    return "allowed"


async def test_what_a_role_may_do_and_where() -> None:
    shop = gate()
    assert await ask(shop, "ann", READ, thing_id="mine") == "allowed"
    assert await ask(shop, "ann", READ, thing_id="theirs") == "forbidden"
    assert await ask(shop, "ann", CHANGE, thing_id="mine") == "allowed"
    assert await ask(shop, "ann", CHANGE, thing_id="theirs") == "forbidden"
    assert await ask(shop, "cleo", CHANGE, thing_id="theirs") == "allowed"
    assert await ask(shop, "cleo", CHANGE, thing_id="mine") == "forbidden"
    assert await ask(shop, "cleo", READ, thing_id="theirs") == "forbidden"
    assert await ask(shop, "none", READ, thing_id="mine") == "forbidden"
    assert await ask(shop, "stranger", READ, thing_id="mine") == "unauthenticated"
    assert await ask(shop, "ann", READ, thing_id="gone") == "not_found"


async def test_a_door_without_a_row_is_closed_and_a_public_one_open() -> None:
    assert await ask(gate(), "ann", "DELETE /v1/things/{thing_id}") == "forbidden"
    assert await ask(gate(), "stranger", "GET /docs") == "allowed"


async def test_without_authentication_everybody_is_the_local_admin() -> None:
    shop = Gate("shop", read_table(RAW), None, {}, Remembering(), lambda: NOW)
    await shop.know(READ, Shown(None, "127.0.0.1"))
    await shop.admit(READ, {"thing_id": "theirs"})
    assert asking() == LOCAL_ADMIN._replace(address="127.0.0.1")
    with pytest.raises(Forbidden):
        await shop.admit("DELETE /v1/things/{thing_id}", {})


async def test_a_denial_and_what_is_audited_is_written_down() -> None:
    shop = gate()
    await ask(shop, "ann", READ, thing_id="mine")
    await ask(shop, "ann", CHANGE, thing_id="m-1", reason="a call\nFAKE entry")
    await ask(shop, "ann", READ, thing_id="theirs")
    first, second = shop.audit.entries  # type: ignore[attr-defined]
    assert (first.who, first.operation, first.outcome, first.what) == (
        "ann",
        "thing.change",
        "allowed",
        {"thing_id": "m-1"},
    )
    assert first.why == "a call\N{REPLACEMENT CHARACTER}FAKE entry"
    assert (second.operation, second.outcome, second.address) == ("thing.read", "denied", "127.0.0.1")


async def test_requests_of_a_caller_are_limited() -> None:
    shop = gate(per_second=1.0)
    answers = [await ask(shop, "ann", READ, thing_id="mine") for _ in range(4)]
    assert answers == ["allowed", "allowed", "too_many_requests", "too_many_requests"]
    assert await ask(shop, "cleo", CHANGE, thing_id="theirs") == "allowed", "another caller has a bucket of their own"


async def test_whoever_shows_no_good_token_is_written_down_without_it() -> None:
    shop = gate()
    assert await ask(shop, "eyJ-a-stolen-token", READ, thing_id="mine") == "unauthenticated"
    (entry,) = written(shop)
    assert (entry.who, entry.operation, entry.outcome, entry.why) == ("", "thing.read", "denied", "unknown")
    assert "stolen" not in str(entry)


async def test_a_flood_of_strangers_does_not_fill_the_audit_log() -> None:
    shop = gate()
    for _ in range(1000):
        assert await ask(shop, "stranger", READ, thing_id="mine") == "unauthenticated"
    assert 100 <= len(written(shop)) < 1000
    with pytest.raises(Unauthenticated):
        await shop.know(READ, Shown("Bearer stranger", "127.0.0.2"))
    assert int(written(shop)[-1].what["unwritten_before"]) > 0, "another address, and how many are not there"


@pytest.mark.parametrize("name", ["access_token", "Token", "jwt"])
async def test_a_token_in_the_url_is_refused_even_beside_a_good_one(name: str) -> None:
    shop = gate()
    with pytest.raises(Unauthenticated, match="withdraw it"):
        await shop.know(READ, Shown("Bearer ann", "127.0.0.1", query=[name]))
    assert "URL" in written(shop)[0].why


async def test_a_role_that_the_table_does_not_have_is_said() -> None:
    shop = gate()
    await shop.know(READ, Shown("Bearer odd", "127.0.0.1"))
    with pytest.raises(Forbidden, match="1 of them the policy table does not know"):
        await shop.admit(READ, {"thing_id": "mine"})
    assert (written(shop)[0].roles, written(shop)[0].outcome) == (("boss",), "denied")


async def test_a_service_asks_for_itself_or_for_a_user(tmp_path: Path) -> None:
    folder = identity.signing_keys(tmp_path, ["shop", "bank"])
    bank, _ = identity_of("bank", folder)
    raw = changed(
        roles={**RAW["roles"], "service": "asks for itself"},
        grants=[*RAW["grants"], {"role": "service", "scope": "all", "may": ["thing.read"]}],
    )
    shop = gate(raw=raw, identity=identity_of("shop", folder))
    own = f"Bearer {bank.token('shop')}"
    await shop.know(READ, Shown(own, "127.0.0.1"))
    assert (asking().name, asking().roles) == ("/hearth/bank", {"service"})
    await shop.know(READ, Shown("Bearer ann", "127.0.0.1", through=own))
    assert (asking().name, asking().via, asking().roles) == ("ann", "/hearth/bank", {"seller"}), "no more than ann may"
    with pytest.raises(Forbidden):
        shop.credentials_for("bank")
    with pytest.raises(Forbidden):
        await shop.admit(READ, {"thing_id": "theirs"})
    assert written(shop)[0].via == "/hearth/bank"
    with pytest.raises(Unauthenticated):
        await shop.know(READ, Shown("Bearer ann", "127.0.0.1", through="Bearer ann"))
    with pytest.raises(Unauthenticated, match="HEARTH_IDENTITY_DIR"):
        await gate(raw=raw).know(READ, Shown(own, "127.0.0.1"))


async def test_a_quota_is_each_callers_and_says_when_it_begins_anew() -> None:
    shop = gate(raw=changed(limits={"looks_per_hour": 5}), counts=Counting())
    await shop.know(READ, Shown("Bearer ann", "127.0.0.1"))
    await shop.spend("looks_per_hour", 3)
    with pytest.raises(TooManyRequests) as refused:
        await shop.spend("looks_per_hour", 3)
    assert refused.value.retry_after == 3600
    await shop.spend("looks_per_hour", 2)
    await shop.know(READ, Shown("Bearer cleo", "127.0.0.1"))
    await shop.spend("looks_per_hour", 5)
    await shop.spend("nothing_per_day", 99)
    assert shop.is_counted(READ)
    assert not shop.is_counted(CHANGE)


@pytest.mark.parametrize(
    ("at", "quota", "start", "left"),
    [
        ("2026-03-02T13:59:59.5+00:00", "x_per_hour", "2026-03-02T13:00:00+00:00", 1),
        ("2026-03-02T13:00:00+00:00", "x_per_hour", "2026-03-02T13:00:00+00:00", 3600),
        ("2026-03-02T13:00:00+00:00", "x_per_day", "2026-03-02T00:00:00+00:00", 11 * 3600),
    ],
)
def test_windows(at: str, quota: str, start: str, left: int) -> None:
    assert window_of(datetime.fromisoformat(at), quota) == (start, left)


@pytest.mark.parametrize(
    ("body", "count"),
    [(b'{"items": [1, 2, 3]}', 3), (b'{"items": []}', 0), (b'{"id": 1}', 1), (b"[1, 2]", 1), (b"<p>", 1)],
)
def test_records_in_an_answer(body: bytes, count: int) -> None:
    assert records_in(body) == count


def test_ids_that_a_handler_does_not_look_at_are_none() -> None:
    """Else whoever asks for a list of all could name a thing of their own beside it."""
    router = APIRouter()

    @router.get("/all/{group_id}")
    async def everything(group_id: str, project_id: str = "") -> None: ...

    @router.post("/raw")
    async def raw(request: Request) -> None: ...

    found, posted = router.routes
    query = {"thing_id": "mine", "project_id": "P1"}
    assert asked(found, b'{"thing_id": "mine"}', query, {"group_id": "G"}) == {"project_id": "P1", "group_id": "G"}
    assert asked(posted, b'{"thing_id": "mine"}', query, {}) == {}


@given(st.lists(st.floats(0, 5), max_size=60), st.integers(1, 5), st.integers(1, 10))
def test_no_caller_ever_gets_more_than_the_bucket_holds(waits: list[float], rate: int, burst: int) -> None:
    """In any stretch of time: at most the burst and what flows in."""
    now, taken = [0.0], list[float]()
    limit = Limit(rate, burst, lambda: now[0], "requests")
    for wait in waits:
        now[0] += wait
        try:
            limit.take("ann")
        except TooManyRequests as error:
            assert error.retry_after >= 1
            continue
        taken.append(now[0])
    for start in taken:
        for end in taken:
            if end >= start:
                assert sum(start <= at <= end for at in taken) <= burst + rate * (end - start) + 1e-6


@given(
    st.sampled_from(SCOPES), st.frozensets(st.sampled_from("PQR")), st.frozensets(st.sampled_from("PQR")), st.booleans()
)
def test_scopes(scope: str, projects: frozenset[str], mine: frozenset[str], whole: bool) -> None:
    """Worked out by hand from the definition, the other way round."""
    where = Where(projects, whole=whole)
    within = where.within(scope, Principal("ann", projects=mine))
    if scope == "all":
        assert within
    elif scope != "project" or not projects:
        assert not within
    else:
        outside = [project for project in projects if project not in mine]
        assert within == (not outside if whole else len(outside) < len(projects))


def test_the_most_that_several_roles_show() -> None:
    table = read_table(RAW)
    both = ANN._replace(roles=frozenset({"seller", "chief"}))
    assert [table.shown(who, "contact") for who in (ANN, both, Principal("x"))] == ["masked", "clear", "hidden"]


def changed(**parts: Any) -> dict[str, Any]:
    return {**RAW, **parts}


WRONG = {
    "a role that does not exist": (
        {"grants": [{"role": "boss", "scope": "all", "may": ["thing.read"]}]},
        "no role boss",
    ),
    "an operation that does not exist": (
        {"grants": [{"role": "chief", "scope": "all", "may": ["thing.fly"]}]},
        "no thing.fly",
    ),
    "a scope that does not exist": (
        {"grants": [{"role": "chief", "scope": "world", "may": ["thing.read"]}]},
        "scope is one of",
    ),
    "rows that contradict": (
        {"grants": [*RAW["grants"], {"role": "seller", "scope": "all", "may": ["thing.read"]}]},
        "keep one",
    ),
    "a door to nothing": ({"doors": {"shop": {"GET /x": "thing.fly"}}}, "no thing.fly"),
    "a class that does not exist": ({"shows": [{"role": "chief", "classes": {"blood": "clear"}}]}, "no field class"),
    "shown in another way": ({"shows": [{"role": "chief", "classes": {"contact": "loud"}}]}, "not loud"),
    "shown in two ways": ({"shows": [*RAW["shows"], {"role": "chief", "classes": {"contact": "hidden"}}]}, "keep one"),
    "nothing audited": ({"audited": ["thing.fly"]}, "no thing.fly"),
    "nothing exported": ({"exported": ["thing.fly"]}, "exported: there is no thing.fly"),
    "a limit for no time": ({"limits": {"looks": 5}}, "_per_hour or _per_day"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_table_is_refused_by_name(case: str) -> None:
    parts, words = WRONG[case]
    with pytest.raises(TableError, match=words):
        read_table(changed(**parts))


def test_a_key_that_stands_twice_is_refused(tmp_path: Path) -> None:
    own = tmp_path / "access.yaml"
    rows = yaml.safe_dump(RAW)
    own.write_text(rows)
    assert load_table(Path("nowhere/access.yaml"), tmp_path).doors == read_table(RAW).doors, "an operator's own table"
    own.write_text(rows.replace("every:", f"shop:\n    {READ}: public\n  every:", 1))
    with pytest.raises(TableError, match="names shop twice"):
        load_table(own, None)
    for broken in ("- a list", "", "roles: [", "doors: {}"):
        own.write_text(broken)
        with pytest.raises(TableError, match="is not a policy table"):
            load_table(own, None)


def chain(count: int) -> list[dict[str, Any]]:
    """An audit log as it is stored."""
    documents, before = [], FIRST
    for number in range(1, count + 1):
        content = {"who": f"u{number}", "at": "2026-03-02T00:00:00Z", "what": {"id": str(number)}}
        before = seal(number, content, before)
        documents.append({"_id": number, **content, "hash": before})
    return documents


async def followed(documents: list[dict[str, Any]]) -> Any:
    async def each() -> Any:
        for document in documents:
            yield document

    return await check(each())


async def test_a_whole_audit_log_fits() -> None:
    documents = chain(5)
    fit, head, broken = await followed(documents)
    assert (fit, head, broken) == (5, documents[-1]["hash"], None)
    assert await followed([]) == (0, FIRST, None)


@given(st.integers(0, 4), st.sampled_from(["change", "leave out", "swap", "put in", "seal again"]))
async def test_whatever_is_done_to_an_audit_log_is_found(at: int, what: str) -> None:
    documents = chain(6)
    if what == "change":
        documents[at]["who"] = "somebody else"
    elif what == "leave out":
        del documents[at]
    elif what == "swap":
        documents[at]["who"], documents[at + 1]["who"] = documents[at + 1]["who"], documents[at]["who"]
    elif what == "put in":
        documents.insert(at, {**documents[at], "who": "x"})
    else:  # by somebody who knows how, but cannot change what comes after
        documents[at]["who"] = "x"
        content = {name: value for name, value in documents[at].items() if name not in ("_id", "hash")}
        documents[at]["hash"] = seal(at + 1, content, documents[at - 1]["hash"] if at else FIRST)
    _, _, broken = await followed(documents)
    assert broken is not None
    assert broken.number in (at + 1, at + 2)


def test_nothing_in_an_entry_can_look_like_another_line() -> None:
    entry = entry_of(
        NOW, ANN._replace(name="a\r\nb"), READ, "thing.read", {"thing_id": "x\x00\n" + "y" * 900}, "denied"
    )
    assert all(text.isprintable() and len(text) <= 500 for text in (entry.who, *entry.what.values()))
    assert one_line("plain") == "plain"


def test_only_ids_and_the_reason_of_a_request_are_looked_at() -> None:
    asked = {"thing_id": "x", "reason": "y", "b_id": "", "c_id": 1, "value": "138 0013 8000", "name": "Li"}
    assert ids_in(asked) == {"thing_id": "x", "reason": "y"}


@pytest.mark.parametrize("value", ["13800138000", "+86 138 0013 8000", "li@example.com", "11010519491231002X"])
def test_what_is_no_id_but_personal_is_not_written_down(value: str) -> None:
    entry = entry_of(NOW, ANN, READ, "thing.read", {"thing_id": value, "reason": f"asked by {value}, twice"}, "denied")
    assert value not in str(entry)
    assert entry.why.startswith("asked by (hidden)")


@pytest.mark.parametrize("value", ["Quetzalina", "Li Wei 7", "天花板漏水", "D1\n", "x" * 64 + "1", "../1", ""])
def test_what_does_not_look_like_an_id_is_not_written_down(value: str) -> None:
    entry = entry_of(NOW, ANN, READ, "thing.read", {"thing_id": value}, "denied")
    assert entry.what == {"thing_id": "(hidden)"}


@pytest.mark.parametrize(
    "value", ["01963f5e-7a10-7c31-9d52-000000000123", "D1", "P-2026-0001", "user-7", "AaIGXN+ac+CR1-AVJ7uV2Q:0@8"]
)
def test_an_id_is_written_down(value: str) -> None:
    assert entry_of(NOW, ANN, READ, "thing.read", {"thing_id": value}, "denied").what == {"thing_id": value}


async def test_of_a_device_only_a_mark_goes_further() -> None:
    async def mark(said: str | None, key: bytes = b"k" * 32) -> str:
        await gate(device_key=key).know(READ, Shown("Bearer ann", "127.0.0.1", device=said))
        return asking().device

    first = await mark("till-7")
    assert len(first) == 32 and "till" not in first
    assert await mark("till-7") == first != await mark("till-8")
    assert await mark("till-7", b"j" * 32) != first, "without the key nobody can try names"
    assert await mark(None) == await mark("till-7", b"") == ""


@pytest.mark.parametrize("said", ["", " ", "a b", "x" * 129, "\u00e4", "a@b", "a\n"])
async def test_a_device_is_called_by_an_opaque_name(said: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        await gate(device_key=b"k").know(READ, Shown("Bearer ann", "127.0.0.1", device=said))
    assert refused.value.pointer == "/header/Hearth-Device"
    assert not said.strip() or said not in refused.value.detail
