"""calgate-sim's Exchange server and its iCloud as places where copies are, and the people who use them there."""

import xml.etree.ElementTree as xml
from datetime import datetime, timezone
from urllib.parse import quote

from caldav_client import field, unfold
from caldav_site import instant_of, later, rewritten
from cloud import SimulatedSite, use_of
from copies import Copy


class TextSite(SimulatedSite):
    """A site whose events are texts rather than JSON."""

    def events(self, staff):
        answer = self.simulator.call("GET", f"/{self.site}/events?calendar={quote(self.calendars[staff], safe='')}")
        return {entry["event"]: entry["content"] for entry in answer["events"]}

    def put(self, staff, event, content):
        body = {"calendar": self.calendars[staff], "event": event, "content": content}
        return self.simulator.call("PUT", f"/{self.site}/events", body)["event"]

    def with_password(self, gateway, kind, *arguments):
        gateway.command("connect", kind, *arguments, password=self.simulator.logins[self.site]["password"])


class ExchangeSite(TextSite):
    name, site = "Exchange", "ews"

    def connect(self, gateway, staff):
        login = self.simulator.logins[self.site]
        self.with_password(gateway, "ews", "--url", login["url"], "--user", login["user"], *use_of(staff))

    def copies(self):
        found = []
        for staff in self.calendars:
            for event, content in self.events(staff).items():
                item = xml.fromstring(content)
                title = item.findtext("Subject") or ""
                if "calgateCopy" in content and title != "calgate marker":
                    found.append(Copy(staff, event, moment(item, "Start"), moment(item, "End"), title))
        return found

    def move(self, copy, by):
        text = lambda at: (at + by).strftime("%Y-%m-%dT%H:%M:%SZ")
        self.put(copy.staff, copy.event, f"<CalendarItem><Start>{text(copy.start)}</Start><End>{text(copy.end)}</End></CalendarItem>")

    def retitle(self, copy, title):
        self.put(copy.staff, copy.event, f"<CalendarItem><Subject>{title}</Subject></CalendarItem>")


class IcloudSite(TextSite):
    name, site = "iCloud", "caldav-icloud"

    def events(self, staff):
        return {event: unfold(text) for event, text in super().events(staff).items()}

    def connect(self, gateway, staff):
        """Each person signs in under an address of their own."""
        address = f"{staff}@{self.simulator.logins[self.site]['user'].split('@')[1]}"
        self.with_password(gateway, "icloud", "--user", address, *use_of(staff))

    def copies(self):
        return [
            Copy(staff, event, instant_of(text, "DTSTART"), instant_of(text, "DTEND"), field(text, "SUMMARY") or "")
            for staff in self.calendars for event, text in self.events(staff).items()
            if field(text, "X-CALGATE-MARK") and field(text, "SUMMARY") != "calgate marker"
        ]

    def rewrite(self, copy, change):
        self.put(copy.staff, copy.event, rewritten(self.events(copy.staff)[copy.event], change))

    def move(self, copy, by):
        self.rewrite(copy, lambda line: later(line, by))

    def retitle(self, copy, title):
        self.rewrite(copy, lambda line: f"SUMMARY:{title}" if line.startswith("SUMMARY") else line)


def moment(item, name):
    return datetime.fromisoformat(item.findtext(name).replace("Z", "+00:00")).astimezone(timezone.utc)
