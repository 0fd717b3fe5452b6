"""Where customers belong, for the gate: to every project they had to do with; one of them is enough."""

from collections.abc import Mapping

from chassis.app import App
from chassis.gate.gate import Whereabouts
from chassis.gate.table import Where
from services.profile.api.customers import Customers


def whereabouts(app: App) -> Mapping[str, Whereabouts]:
    """How to find where a customer belongs."""
    customers = Customers(app)

    async def of_customer(asked: Mapping[str, str]) -> Where:
        customer, _ = await customers.customer(asked["customer_id"])
        return Where(frozenset(customer.projects), whole=False)

    return {"customer": of_customer}
