"""The clock and the settings of a process: what is accepted, what is refused, and in which words."""

from datetime import UTC, datetime

import pytest

from chassis.clock import Clock, ClockError
from chassis.settings import Settings, SettingsError, read


def test_a_clock_stands_until_it_is_moved() -> None:
    clock = Clock("2026-03-02T09:00:00+08:00")
    assert clock.now() == clock.now() == datetime(2026, 3, 2, 1, tzinfo=UTC)
    clock.move("2026-03-03T00:00:00Z")
    assert clock.now() == datetime(2026, 3, 3, tzinfo=UTC)


def test_a_clock_runs_at_its_rate() -> None:
    clock = Clock("2026-03-02T09:00:00Zx1000000")
    first = clock.now()
    while clock.now() == first:
        pass
    assert clock.now() > first >= datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.mark.parametrize("bad", ["now", "2026-03-02", "2026-03-02T09:00:00", "2026-13-02T09:00:00Z", "realx2", ""])
def test_a_malformed_clock_is_refused(bad: str) -> None:
    with pytest.raises(ClockError):
        Clock(bad)


def test_the_real_clock_cannot_be_moved_and_no_clock_goes_back() -> None:
    with pytest.raises(ClockError, match="real clock"):
        Clock().move("2026-03-03T00:00:00Z")
    with pytest.raises(ClockError, match="not before"):
        Clock("2026-03-02T09:00:00Z").move("2026-03-01T00:00:00Z")


@pytest.fixture
def environ(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    import os

    for name in list(os.environ):
        if name.startswith("HEARTH_") or name in ("KAFKA_BOOTSTRAP", "MONGO_URL"):
            monkeypatch.delenv(name)
    return monkeypatch


def test_settings_come_from_the_environment(environ: pytest.MonkeyPatch) -> None:
    environ.setenv("KAFKA_BOOTSTRAP", "k:1")
    environ.setenv("HEARTH_NAMESPACE", "t1")
    settings = read(Settings)
    assert (settings.kafka_bootstrap, settings.named("crm.journal"), settings.bind) == (
        "k:1",
        "t1.crm.journal",
        "127.0.0.1",
    )


def test_all_wrong_settings_are_named_at_once(environ: pytest.MonkeyPatch) -> None:
    environ.setenv("HEARTH_TIMEZONE", "Mars/Olympus")
    environ.setenv("HEARTH_TRUSTED_PROXIES", "10.0.0.7,ingress")
    environ.setenv("HEARTH_CLOCK", "yesterday")
    environ.setenv("HEARTH_HTTP_PORT", "70000")
    with pytest.raises(SettingsError) as caught:
        read(Settings)
    for name in ("HEARTH_TIMEZONE", "HEARTH_TRUSTED_PROXIES", "HEARTH_CLOCK", "HEARTH_HTTP_PORT"):
        assert name in str(caught.value)


@pytest.mark.parametrize(
    ("bind", "accepted"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("0.0.0.0", False),
        ("10.0.0.1", False),
        ("example.org", False),
    ],
)
def test_no_authentication_only_on_loopback(environ: pytest.MonkeyPatch, bind: str, accepted: bool) -> None:
    environ.setenv("HEARTH_BIND", bind)
    if accepted:
        assert read(Settings).bind == bind
    else:
        with pytest.raises(SettingsError, match="only on loopback"):
            read(Settings)


def test_settings_are_frozen(environ: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="frozen"):
        read(Settings).bind = "0.0.0.0"  # type: ignore[misc]
