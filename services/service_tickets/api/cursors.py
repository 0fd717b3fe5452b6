"""Where a list of tickets goes on: after a ticket of a customer, whatever has been added meanwhile."""

import base64
import binascii

from chassis.errors import InvalidRequest


def cursor_after(customer_id: str, ticket_id: str) -> str:
    """The cursor of the page that begins after this ticket."""
    return base64.urlsafe_b64encode(f"{customer_id} {ticket_id}".encode()).decode()


def place_in(cursor: str | None) -> tuple[str, str]:
    """The customer and ticket after which a page begins; raises `InvalidRequest` for anything but a cursor of ours."""
    if not cursor:
        return "", ""
    try:
        customer_id, ticket_id = base64.urlsafe_b64decode(cursor).decode("ascii").split(" ")
    except (ValueError, binascii.Error):
        raise InvalidRequest("the cursor is not one of an earlier answer", "/query/cursor") from None
    return customer_id, ticket_id
