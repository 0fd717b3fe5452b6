"""leads, not composed yet."""

from chassis.app import App
from chassis.settings import Settings, SettingsError


def build(settings: Settings) -> App:
    """Refuses: this service has no rule yet, and does not pretend to run."""
    raise SettingsError("the service leads is not built yet: it has no rules, doors or topics, so nothing was started")
