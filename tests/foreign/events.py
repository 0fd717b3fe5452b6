"""Facts as other people's programs know them: plain CloudEvents, without a line of our code."""

import json
import uuid
from typing import Any

VISIT_POINTS, SURVEY_POINTS = 50, 20


def someone() -> str:
    """A new customer id."""
    return str(uuid.uuid4())


def visit(customer: str, project: str = "P1") -> dict[str, Any]:
    """A completed visit, worth 50 points."""
    return _event(customer, "crm.visit.completed.v1", {"visit_id": f"V-{project}", "project_id": project})


def answer(customer: str) -> dict[str, Any]:
    """A survey answered, worth 20 points."""
    data = {"instrument": "csat", "answers": [{"value": 4, "min": 1, "max": 5}], "about": {"kind": "visit", "id": "V1"}}
    return _event(customer, "crm.survey.answered.v1", data)


def _event(customer: str, type_name: str, data: dict[str, Any]) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "type": type_name,
        "source": "/somebody-else",
        "id": uuid.uuid4().hex,
        "subject": customer,
        "time": "2026-03-04T10:00:00+08:00",
        "datacontenttype": "application/json",
        "data": data,
    }


def line(event: dict[str, Any]) -> str:
    """A structured event on one line."""
    return json.dumps(event, separators=(",", ":"))
