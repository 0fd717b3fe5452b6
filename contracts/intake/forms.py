"""Which form of a fact comes in on which topic, and which it has in the journal. A literal table."""

from typing import NamedTuple

import msgspec

from contracts import catalog
from contracts.facts.base import FactData
from contracts.intake import complaints, customers, deals, leads, surveys, visits
from contracts.intake.people import Intake
from contracts.upcast import Reader, readers_of, type_of

LEAD = "crm.intake.lead"
VISIT = "crm.intake.visit"
DEAL = "crm.intake.deal"
COMPLAINT = "crm.intake.complaint"
SURVEY = "crm.intake.survey"
CUSTOMER = "crm.intake.customer"


class Form(NamedTuple):
    """One type of fact from outside: the topic it comes in on, and its struct there and in the journal."""

    topic: str
    struct: type[Intake]
    journal: type[FactData]


_COMING_IN: tuple[tuple[str, tuple[type[Intake], ...]], ...] = (
    (LEAD, (leads.LeadCaptured, leads.LeadContacted)),
    (VISIT, (visits.VisitScheduled, visits.VisitCompleted, visits.VisitMissed)),
    (DEAL, (deals.DealReserved, deals.DealSubscribed, deals.DealSigned, deals.PaymentReceived)),
    (DEAL, (deals.DealHandedOver, deals.DealChanged, deals.DealCancelled)),
    (COMPLAINT, (complaints.ComplaintRaised, complaints.RequestRaised)),
    (SURVEY, (surveys.SurveyAnswered,)),
    (CUSTOMER, (customers.CustomerDescribed, customers.CustomerLinked, customers.ConsentChanged)),
)


def _journal_form(type_name: str) -> type[FactData]:
    struct: type[msgspec.Struct] = catalog.TYPES[type_name].struct
    assert issubclass(struct, FactData), "every fact of the journal is a FactData"
    return struct


FORMS: dict[str, Form] = {
    type_of(struct): Form(topic, struct, _journal_form(type_of(struct)))
    for topic, structs in _COMING_IN
    for struct in structs
}

READERS: dict[str, Reader] = {
    name: reader for form in FORMS.values() for name, reader in readers_of(form.struct).items()
}
