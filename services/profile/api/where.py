"""Where customers and webhooks belong, for the gate: a customer to every project there was something to do with, one of
them is enough; a webhook to whoever made it.
"""

from collections.abc import Mapping

from chassis.app import App
from chassis.gate.gate import Whereabouts
from chassis.gate.principal import asking
from chassis.gate.table import Where
from services.profile.api.customers import Customers
from services.profile.api.subscribing import Subscribing


def whereabouts(app: App) -> Mapping[str, Whereabouts]:
    """How to find where a customer or a webhook belongs."""
    customers, subscribing = Customers(app), Subscribing(app)

    async def of_customer(asked: Mapping[str, str]) -> Where:
        customer, _ = await customers.customer(asked["customer_id"])
        return Where(frozenset(customer.projects), whole=False)

    async def of_webhook(asked: Mapping[str, str]) -> Where:
        if "webhook_id" in asked:
            return Where(owners=frozenset({(await subscribing.webhook(asked["webhook_id"]))["owner"]}))
        return Where(owners=frozenset({asked.get("owner") or asking().name}))

    return {"customer": of_customer, "webhook": of_webhook}
