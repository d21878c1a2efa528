"""Copies at a service as an independent reader sees them, and how they compare with the appointments of the API."""

from dataclasses import dataclass
from datetime import datetime, timezone
from zoneinfo import ZoneInfo


@dataclass
class Copy:
    staff: str
    event: str  # The service's id or address of it.
    start: datetime  # UTC
    end: datetime
    title: str


class Site:
    """A service with a calendar "bookings-<staff>" per person. Subclasses give copies(), move, retitle and delete."""

    def __init__(self, name):
        self.name, self.calendars = name, {}

    def copy_of(self, appointment):
        start = utc_of(appointment, "start")
        for copy in self.copies():
            if copy.staff == appointment["staff"] and copy.start == start:
                return copy
        raise RuntimeError(f"{self.name} has no copy of {appointment['id']} at {start}.")


def utc_of(appointment, key):
    return datetime.fromisoformat(appointment[key]).replace(tzinfo=ZoneInfo(appointment["zone"])).astimezone(timezone.utc)


def compare(appointments, copies):
    """(copies, lost, doubled): as many copies of a person's span as there are confirmed appointments of it."""
    wanted, seen = {}, {}
    for appointment in appointments:
        if appointment["state"] == "confirmed":
            key = (appointment["staff"], utc_of(appointment, "start"), utc_of(appointment, "end"))
            wanted[key] = wanted.get(key, 0) + 1
    for copy in copies:
        key = (copy.staff, copy.start, copy.end)
        seen[key] = seen.get(key, 0) + 1
    lost = sum(max(0, count - seen.get(key, 0)) for key, count in wanted.items())
    doubled = sum(max(0, count - wanted.get(key, 0)) for key, count in seen.items())
    return len(copies), lost, doubled
