"""A CalDAV server as one of the places where copies are: what is there, and a person's edits."""

from datetime import datetime, timezone
from zoneinfo import ZoneInfo

from caldav_client import CalDav, field
from copies import Copy, Site


class CaldavSite(Site):
    def __init__(self, server):
        super().__init__(server.name)
        self.server = server

    def raw(self):
        return CalDav(self.server.port)

    def make_calendar(self, staff):
        self.calendars[staff] = f"{self.server.home}bookings-{staff}/"
        self.raw().make_calendar(self.calendars[staff], f"bookings-{staff}")

    def texts(self, staff):
        """Address to (etag, text) of every event with calgate's mark, marker events left out."""
        found = self.raw().events(self.calendars[staff])
        return {
            href: entry for href, entry in found.items()
            if field(entry[1], "X-CALGATE-MARK") and field(entry[1], "SUMMARY") != "calgate marker"
        }

    def mails(self):
        return 0  # Neither server sends any.

    def copies(self):
        return [
            Copy(staff, href, instant_of(text, "DTSTART"), instant_of(text, "DTEND"), field(text, "SUMMARY") or "")
            for staff in self.calendars for href, (_, text) in self.texts(staff).items()
        ]

    def rewrite(self, copy, change):
        """Writes the copy again with each line of the event as `change` gives it."""
        etag, text = self.texts(copy.staff)[copy.event]
        self.raw().put(copy.event, rewritten(text, change), etag)

    def move(self, copy, by):
        self.rewrite(copy, lambda line: later(line, by))

    def retitle(self, copy, title):
        self.rewrite(copy, lambda line: f"SUMMARY:{title}" if line.startswith("SUMMARY") else line)

    def delete(self, copy):
        self.raw().delete(copy.event)


def rewritten(text, change):
    """The text with each line of the event as `change` gives it."""
    before, event = text.replace("\r\n", "\n").split("BEGIN:VEVENT", 1)
    lines = (before + "BEGIN:VEVENT").split("\n") + [change(line) for line in event.split("\n")[1:]]
    return "\r\n".join(lines)


def later(line, by):
    """A DTSTART or DTEND line moved, any other as it is."""
    if not line.startswith(("DTSTART", "DTEND")):
        return line
    name, value = line.split(":", 1)
    moved = datetime.strptime(value.rstrip("Z"), "%Y%m%dT%H%M%S") + by
    return f"{name}:{moved:%Y%m%dT%H%M%S}{'Z' if value.endswith('Z') else ''}"


def instant_of(text, name):
    """A DTSTART or DTEND of the first event as UTC."""
    body = text[text.index("BEGIN:VEVENT"):]
    line = next(l for l in body.split("\n") if l.startswith(name))
    value = line.split(":", 1)[1]
    if value.endswith("Z"):
        return datetime.strptime(value, "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc)
    zone = line.split("TZID=", 1)[1].split(":", 1)[0].split(";", 1)[0].strip('"')
    return datetime.strptime(value, "%Y%m%dT%H%M%S").replace(tzinfo=ZoneInfo(zone)).astimezone(timezone.utc)
