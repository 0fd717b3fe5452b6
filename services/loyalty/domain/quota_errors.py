"""What the limits of a day refuse. Codes are stable."""

from contracts.errors import Refused


class HouseholdLimit(Refused):
    """A household may set aside and spend only so many points a day: a limit against fraud."""

    code = "household_limit"
    status = 409
    title = "The household has spent what it may today"


class AgentLimit(Refused):
    """Who asks for others may set aside and spend only so many points a day: a limit against fraud."""

    code = "agent_limit"
    status = 409
    title = "The agent has spent what one may today"


class DeviceLimit(Refused):
    """From one device only so many points a day may be set aside and spent: a limit against fraud."""

    code = "device_limit"
    status = 409
    title = "What may be spent from the device today is spent"
