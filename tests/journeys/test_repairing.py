"""What operators repair with: dead letters grouped, edited, compared and sent again; lag; the doctor's findings."""

import json
import os
import subprocess
import uuid
from datetime import UTC, datetime
from typing import Any

import pytest
from confluent_kafka.admin import AdminClient, NewTopic

from chassis.seeing.findings import FINDINGS
from deploy.local.paths import ROOT
from tests.journeys import intake
from tests.journeys.test_tools import buried
from tests.running import Hearth, until

PHONE = "+86 139 1234 9876"


def broken_visit(**changes: Any) -> dict[str, Any]:
    """A visit whose `project_id` is a number: nobody takes it as it is."""
    contact = {"identifiers": [{"type": "phone", "value": PHONE}]}
    return intake.visit(data={"contact": contact, "visit_id": uuid.uuid4().hex, "project_id": 7}, **changes)


def cli(hearth: Hearth, *arguments: str) -> Any:
    """The JSON answer of a command."""
    done = hearth.cli(*arguments, "--json")
    assert done.returncode == 0, done.stderr
    assert PHONE not in done.stdout
    return json.loads(done.stdout)


def test_a_dead_letter_is_edited_compared_and_accepted(hearth: Hearth) -> None:
    """The original stays, who and why are told, values never; what is sent is the edited record, headers and all."""
    event = broken_visit()
    letter = buried(hearth, "crm.intake.visit", event)["id"]
    assert cli(hearth, "dead", "diff", "profile", letter) == {"id": letter, "edits": [], "differences": []}
    why = ("--why", "the form sent a number", "--who", "ops-7")
    edited = cli(hearth, "dead", "edit", "profile", letter, '--set=/value/project_id="P7"', *why)
    assert edited["differences"] == [
        {"pointer": "/value/project_id", "what": "changed", "was": "number", "now": "text of 2"}
    ]
    again = cli(hearth, "dead", "edit", "profile", letter, "--set", "/headers/ce_note=seen", *why)
    assert [each["pointer"] for each in again["differences"]] == ["/headers/ce_note", "/value/project_id"]
    assert [(each["who"], each["why"]) for each in again["edits"]] == [("ops-7", "the form sent a number")] * 2
    assert "ops-7: the form sent a number" in hearth.cli("dead", "show", "profile", letter).stdout
    with hearth.database("profile") as database:
        kept = database["dead"].find_one({"_id": letter})
        assert len({kept["payload"], *(edit["payload"] for edit in kept["edits"])}) == 3
        assert not any(PHONE.encode() in bytes(edit["payload"]) for edit in kept["edits"])

    assert "sent again" in hearth.cli("dead", "redrive", "profile", letter).stdout
    traced = until(lambda: hearth.cli("events", "trace", event["source"], event["id"]).stdout, bool, "a trace", 120)
    assert "crm.visit.completed.v1" in traced
    late = hearth.cli("dead", "edit", "profile", letter, "--remove", "/value/x", *why)
    assert late.returncode == 1
    shown = cli(hearth, "events", "show", event["source"], event["id"])["records"]
    assert [record["data"]["project_id"] for record in shown] == ["P7"]


def test_an_edit_that_cannot_be_made_changes_nothing(hearth: Hearth) -> None:
    letter = buried(hearth, "crm.intake.visit", broken_visit())["id"]
    for change in ("/value/contact/nobody/there=1", "/nowhere=1", "value=1", "/headers/ce_id=7"):
        done = hearth.cli("dead", "edit", "profile", letter, "--why", "a try", "--set", change)
        assert done.returncode == 1, change
        assert "bad_edit" in done.stderr, done.stderr
    assert "bad_edit" in hearth.cli("dead", "edit", "profile", letter, "--why", " \n", "--set", "/value/a=1").stderr
    assert cli(hearth, "dead", "diff", "profile", letter) == {"id": letter, "edits": [], "differences": []}


def test_letters_are_grouped_and_sent_again_together(hearth: Hearth) -> None:
    """A dry run sends nothing; what was sent again is not sent once more; who is refused again is a new letter."""
    contact = {"identifiers": []}
    events = [intake.event("crm.survey.answered.v1", {}, data={"contact": contact}) for _ in range(3)]
    mine = [buried(hearth, "crm.intake.survey", event) for event in events]
    code, type_ = mine[0]["code"], "crm.survey.answered.v1"
    group = next(each for each in cli(hearth, "dead", "group") if (each["code"], each["type"]) == (code, type_))
    assert group["service"] == "profile"
    assert group["waiting"] >= 3
    listed = cli(hearth, "dead", "list", "--service", "profile", "--type", type_, "--waiting")["profile"]["items"]
    assert {each["id"] for each in mine} <= {each["id"] for each in listed}

    wanted = ("dead", "redrive", "profile", "--type", type_, "--code", code)
    dry = cli(hearth, *wanted, "--dry-run")
    assert {each["id"] for each in mine} <= {each["id"] for each in dry}
    assert not any(each["sent"] for each in dry)
    sent = cli(hearth, *wanted, "--rate", "1000", "--limit", str(len(dry)))
    assert [each["id"] for each in sent] == [each["id"] for each in dry]
    assert all(each["redriven_at"] for each in sent)
    waiting = until(
        lambda: {each["id"] for each in cli(hearth, *wanted, "--dry-run")},
        lambda waiting: len(waiting) >= len(sent),
        "a new letter of each",
        120,
    )
    assert not {each["id"] for each in sent} & waiting
    assert "say which" in hearth.cli("dead", "redrive").stderr


def test_many_letters_are_sent_again_over_http_page_by_page(hearth: Hearth) -> None:
    """In the order in which they were read; each once, each written into the audit log; what is asked wrongly is said."""
    event_type = "crm.survey.answered.v1"
    mine = [
        buried(hearth, "crm.intake.survey", intake.event(event_type, {}, data={"contact": {"identifiers": []}}))
        for _ in range(3)
    ]

    def ask(**asked: Any) -> Any:
        return hearth.admin("profile", "/v1/dead/redrive", body=asked)

    for wrong, pointer in (({}, "/all"), ({"all": True, "limit": 0}, "/limit"), ({"all": True, "rate": 0}, "/rate")):
        refused = ask(**wrong)
        assert (refused.status, refused.body["code"]) == (422, "invalid_request")
        assert refused.body["errors"][0]["pointer"] == pointer
    assert ask(kind="x").status == 422

    dry = ask(type=event_type, dry_run=True, limit=200).body["items"]
    assert {each["id"] for each in mine} <= {each["id"] for each in dry}
    assert not any(each["sent"] for each in dry)
    places = [each["id"].rpartition("@") for each in dry]
    assert places == sorted(places, key=lambda place: (place[0], int(place[2])))

    sent, after = list[Any](), ""
    while after is not None and len(sent) < len(dry):
        page = ask(type=event_type, after=after, limit=2, rate=1000).body
        assert 1 <= len(page["items"]) <= 2
        sent, after = sent + page["items"], page["next"]
    assert [each["id"] for each in sent] == [each["id"] for each in dry]
    assert all(each["sent"] and each["redriven_at"] for each in sent)
    audited = hearth.admin("profile", "/v1/audit").body["items"]
    written = [entry["what"].get("id") for entry in audited if entry["operation"] == "dead.redrive"]
    assert {each["id"] for each in mine} <= set(written)


def test_lag_is_shown_by_partition(hearth: Hearth) -> None:
    """Also of a partition that nobody opened, and by the broker's timestamps: nothing of it is a process's memory."""
    until(lambda: cli(hearth, "lag"), lambda found: sum(place["records"] for place in found) < 30, "nearly no lag", 120)
    found = until(  # of a partition that does not answer within three seconds no time is known
        lambda: cli(hearth, "lag", "--service", "leads"),
        lambda found: all(place["seconds"] is not None and place["seconds"] < 60 for place in found),
        "the time of each partition",
        120,
    )
    assert {place["topic"] for place in found} >= {hearth.journal}
    assert {place["service"] for place in found} == {"leads"}
    with hearth.database("leads") as database:
        slot = database["slots"].find_one({"topic": hearth.journal, "partition": 0, "closed": False})
    (own,) = [place for place in found if (place["topic"], place["partition"]) == (hearth.journal, 0)]
    assert own["settled"] <= slot["settled"]
    assert "partitions, " in hearth.cli("lag", "--all").stdout


def test_the_doctor_finds_what_is_broken_and_says_what_to_do(hearth: Hearth) -> None:
    stray = f"{hearth.namespace}.crm.stray"
    admin = AdminClient({"bootstrap.servers": hearth.bootstrap})
    for made in admin.create_topics([NewTopic(stray, 1, 1)]).values():
        made.result()
    with hearth.database("leads") as database:
        database["slots"].insert_one(
            {"_id": "x:0", "topic": "gone", "partition": 0, "settled": 5, "viewed": 5, "token": 1, "table": 1}
        )
        database["dead"].drop_index("fact")
        try:
            done = hearth.cli("doctor", "--json")
        finally:
            database["dead"].create_index([("fact", 1)], name="fact")
            database["slots"].delete_one({"_id": "x:0"})
            admin.delete_topics([stray])[stray].result()
    found = {each["code"]: each for each in json.loads(done.stdout)["findings"]}
    assert done.returncode == 1
    assert "(index_missing)" in done.stderr
    assert (found["index_missing"]["where"], found["index_missing"]["says"]) == ("leads", "dead: fact")
    assert "migrate" in found["index_missing"]["do"]
    assert (found["topic_unknown"]["where"], found["topic_unknown"]["wrong"]) == (stray, False)
    assert "keys_differ" not in found
    assert "clock_skew" not in found


def test_a_letter_under_another_key_is_found(hearth: Hearth) -> None:
    """The newest letter there is, and one that was sent again: nobody else here looks at it."""
    now = datetime.now(UTC)
    with hearth.database("service_tickets") as database:
        letter = {"_id": "other@1", "payload": b"0" * 40, "code": "x", "type": "", "slot": ""}
        database["dead"].insert_one({**letter, "at": now.replace(year=2100, day=1), "redriven_at": now})
        try:
            found = until(  # another finding may come and go: a place in a topic that is not answered for in time
                lambda: hearth.admin("service_tickets", "/v1/checks").body,
                lambda body: [each["code"] for each in body["findings"]] == ["key_wrong"],
                "that the key is wrong, and nothing else",
            )
        finally:
            database["dead"].delete_one({"_id": "other@1"})
    assert len(found["keys"]["kek"]) == 12


def test_every_finding_is_in_the_document() -> None:
    page = (ROOT / "docs" / "doctor.md").read_text()
    assert all(f"| `{code}` |" in page for code in FINDINGS)


def test_the_shell_completes_commands_and_services(hearth: Hearth) -> None:
    script = ROOT / ".venv" / "bin" / "hearth"
    for words, wanted in (("hearth de", "dead"), ("hearth dead ", "redrive"), ("hearth dead show lo", "loyalty")):
        asked = {"_HEARTH_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
        done = _run([str(script)], {**os.environ, **asked})
        assert wanted in done.split(), (words, done)


def _run(command: list[str], environment: dict[str, str]) -> str:
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False).stdout


@pytest.mark.parametrize("path", ["/v1/dead?limit=0", "/v1/dead?limit=x"])
def test_a_wrong_question_is_refused(hearth: Hearth, path: str) -> None:
    answer = hearth.admin("profile", path)
    assert (answer.status, answer.body["code"]) == (422, "invalid_request")
