"""Weeks and month ends in a project's time zone."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo


def iso_week(moment: datetime, zone: ZoneInfo) -> str:
    """The ISO week in which `moment` lies in `zone`, such as `2026-W10`."""
    year, week, _ = moment.astimezone(zone).isocalendar()
    return f"{year}-W{week:02}"


def last_day(moment: datetime, zone: ZoneInfo) -> datetime:
    """The beginning, in UTC, of the Sunday that ends the ISO week in which `moment` lies in `zone`."""
    local = moment.astimezone(zone)
    sunday = local.date() + timedelta(days=7 - local.isoweekday())
    return datetime(sunday.year, sunday.month, sunday.day, tzinfo=zone).astimezone(UTC)


def last_month(activated: datetime, now: datetime, months: int, least_days: int, zone: ZoneInfo) -> str:
    """The month (`2028-03`) at whose end points activated then expire: `months` later, yet `least_days` from now."""
    begins = activated.astimezone(zone)
    later = (begins.year * 12 + begins.month - 1) + months
    least = (now + timedelta(days=least_days)).astimezone(zone)
    year, month = divmod(max(later, least.year * 12 + least.month - 1), 12)
    return f"{year:04}-{month + 1:02}"


def month_end(month: str, zone: ZoneInfo) -> datetime:
    """The first instant after `month` (`2028-03`) in `zone`, in UTC."""
    year, number = divmod(int(month[:4]) * 12 + int(month[5:]), 12)
    return datetime(year, number + 1, 1, tzinfo=zone).astimezone(UTC)
