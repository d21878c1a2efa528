"""
Calendar objects of every kind that a calendar program writes, each with the time that it blocks by python-dateutil and zoneinfo,
which share nothing with calgate.
"""

from datetime import datetime, time, timedelta, timezone
from functools import cache
from zoneinfo import ZoneInfo

from dateutil.rrule import rruleset, rrulestr

OWNER = "Europe/Berlin"  # Whose zone counts for days and floating times.
ZONES = ["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "America/Sao_Paulo", "Pacific/Chatham",
         "America/St_Johns", "Europe/Dublin", "Africa/Casablanca", "Asia/Kathmandu"]
# What an object calls a zone, and what that is; the object's VTIMEZONE says so.
NAMED = {"W. Europe Standard Time": "Europe/Berlin", "/citadel.org/20210210_1/Europe/Dublin": "Europe/Dublin",
         "Salon Aurora": "Europe/Berlin"}
RULES = ["FREQ=WEEKLY", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE,FR", "FREQ=DAILY;COUNT=30", "FREQ=MONTHLY;BYMONTHDAY=15",
         "FREQ=MONTHLY;BYDAY=2TU", "FREQ=MONTHLY;BYDAY=-1FR", "FREQ=YEARLY", "FREQ=DAILY;INTERVAL=3;COUNT=20",
         "FREQ=WEEKLY;COUNT=12;BYDAY=TU,TH", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "FREQ=MONTHLY;BYMONTHDAY=31",
         "FREQ=DAILY;UNTIL={until}", "FREQ=WEEKLY;BYDAY=SA,SU;UNTIL={until}"]
STYLES = {"busy": ([], "busy"), "transparent": (["TRANSP:TRANSPARENT"], None), "tentative": (["STATUS:TENTATIVE"], "tentative"),
          "cancelled": (["STATUS:CANCELLED"], None), "private": (["CLASS:PRIVATE"], "busy"),
          "confidential": (["CLASS:CONFIDENTIAL", "STATUS:CONFIRMED", "TRANSP:OPAQUE"], "busy")}
REPLIES = {"ACCEPTED": "busy", "TENTATIVE": "tentative", "DECLINED": None, "NEEDS-ACTION": "tentative"}
# Whole days are few, so that there is free time left to be wrong about.
KINDS = ["day", "days", "day-without-end", "day-duration", "several-days", "day-series", *3 * [
    "zoned", "zoned", "duration", "utc", "utc", "floating", "no-end", "no-length", "series", "series", "excluded", "extra", "moved",
    "moved-out", "dropped", "future", "split", "named-zone", "named-zone", "guests", "alarms", "huge", "letters"]]
SPARSE = ["FREQ=MONTHLY;BYMONTHDAY=15", "FREQ=YEARLY", "FREQ=MONTHLY;BYDAY=-1SU;UNTIL={until}", "FREQ=WEEKLY;COUNT=3"]


def to_utc(local, zone):
    """RFC 5545 3.3.5: the first of two, the offset before a gap; zoneinfo's fold=0 is exactly that."""
    return local.replace(tzinfo=ZoneInfo(zone), fold=0).astimezone(timezone.utc)


@cache
def vtimezone(tzid, zone, years=range(2025, 2030)):
    """Every change of these years by itself, found by bisection; no rules, which is as the RFC allows."""
    tz, lines = ZoneInfo(zone), ["BEGIN:VTIMEZONE", "TZID:" + tzid]

    def offset(at):
        return at.astimezone(tz).utcoffset()

    def signed(delta):
        minutes = int(delta.total_seconds() // 60)
        return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}{abs(minutes) % 60:02d}"

    def part(name, wall, before, after):
        lines.extend([f"BEGIN:{name}", f"DTSTART:{wall:%Y%m%dT%H%M%S}", "TZOFFSETFROM:" + signed(before),
                      "TZOFFSETTO:" + signed(after), f"END:{name}"])

    at = datetime(years[0], 1, 1, tzinfo=timezone.utc)
    part("STANDARD", datetime(1971, 1, 1), offset(at), offset(at))
    while at.year <= years[-1]:
        later = at + timedelta(days=1)
        if offset(later) != offset(at):
            low, high = at, later
            while high - low > timedelta(seconds=1):
                middle = low + (high - low) / 2
                low, high = (middle, high) if offset(middle) == offset(at) else (low, middle)
            high = high.replace(microsecond=0)
            wall = (high + offset(at)).replace(tzinfo=None)
            part("DAYLIGHT" if offset(later) > offset(at) else "STANDARD", wall, offset(at), offset(later))
        at = later
    return [*lines, "END:VTIMEZONE"]


def folded(line):
    """RFC 5545 3.1: no more than 75 octets a line, no letter cut in two."""
    out, room = [""], 75
    for letter in line:
        if room < len(letter.encode()):
            out.append(" ")
            room = 74
        out[-1] += letter
        room -= len(letter.encode())
    return "\r\n".join(out)


class StrangeEvent:
    """One object: `objects` is {name: text} (a split series has two), `busy` is [(start, end, kind)] in UTC."""

    def __init__(self, number, prefix, chance, first_day, horizon, own_address):
        self.uid, self.kind = f"{prefix}-{number:04d}", KINDS[number % len(KINDS)]
        self.chance, self.horizon, self.own = chance, horizon, own_address
        self.zone = self.tzid = chance.choice(ZONES)
        if self.kind == "named-zone":
            self.tzid = chance.choice(list(NAMED))
            self.zone = NAMED[self.tzid]
        self.style, self.blocks = STYLES[chance.choices(list(STYLES), [75, 6, 6, 3, 5, 5])[0]]
        self.start = datetime.combine(first_day + timedelta(days=chance.randrange(-20, 300)), time.min)
        self.start += timedelta(minutes=5 * chance.randrange(0, 288))
        self.length = timedelta(minutes=chance.randrange(1, 90))
        self.objects, self.busy = {}, []
        getattr(self, {"series": "series", "day-series": "series", "excluded": "series", "extra": "series", "moved": "series",
                       "moved-out": "series", "dropped": "series", "future": "series", "split": "split"}.get(self.kind, "single"))()

    def local(self, prop, when):
        return f"{prop};TZID={self.tzid}:{when:%Y%m%dT%H%M%S}"

    def block(self, start, end, blocks="same"):
        blocks = self.blocks if blocks == "same" else blocks
        if blocks and end > start:
            self.busy.append((start, end, blocks))

    def add(self, *events, suffix="", zones=True):
        zone = vtimezone(self.tzid, self.zone) if zones else []
        lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Somebody else//EN", "CALSCALE:GREGORIAN", *zone]
        for event in events:
            lines += ["BEGIN:VEVENT", f"UID:{self.uid}{suffix}", "DTSTAMP:20260101T000000Z", *event, "END:VEVENT"]
        self.objects[self.uid + suffix] = "\r\n".join(map(folded, [*lines, "END:VCALENDAR", ""]))

    def single(self):
        start, length, extra = self.start, self.length, [f"SUMMARY:Event {self.uid}", *self.style]
        day = datetime.combine(start.date(), time.min)
        span, when, zones = (to_utc(start, self.zone), to_utc(start + length, self.zone)), None, True
        if self.kind in ("day", "days", "day-without-end", "day-duration"):
            days = 1 if self.kind in ("day", "day-without-end") else self.chance.randrange(2, 5)
            end = {"day-without-end": [], "day-duration": [f"DURATION:P{days}D"]}.get(
                self.kind, [f"DTEND;VALUE=DATE:{day + timedelta(days=days):%Y%m%d}"])
            when, zones = [f"DTSTART;VALUE=DATE:{day:%Y%m%d}", *end], False
            span = to_utc(day, OWNER), to_utc(day + timedelta(days=days), OWNER)
        elif self.kind == "duration":
            when = [self.local("DTSTART", start), f"DURATION:PT{int(length.total_seconds() // 60)}M"]
            span = span[0], span[0] + length
        elif self.kind in ("utc", "floating"):
            zulu, zones = "Z" if self.kind == "utc" else "", False
            when = [f"DTSTART:{start:%Y%m%dT%H%M%S}{zulu}", f"DTEND:{start + length:%Y%m%dT%H%M%S}{zulu}"]
            where = "UTC" if zulu else OWNER
            span = to_utc(start, where), to_utc(start + length, where)
        elif self.kind in ("no-end", "no-length"):
            when = [self.local("DTSTART", start), *([self.local("DTEND", start)] if self.kind == "no-length" else [])]
            span = span[0], span[0]
        elif self.kind == "several-days":
            length += timedelta(hours=self.chance.randrange(24, 90))
            span = span[0], to_utc(start + length, self.zone)
        when = when or [self.local("DTSTART", start), self.local("DTEND", start + length)]
        self.add([*when, *extra, *self.furniture()], zones=zones)
        self.block(*span)

    def furniture(self):
        if self.kind == "alarms":
            return [line for minutes in (15, 60) for line in
                    ("BEGIN:VALARM", "ACTION:DISPLAY", f"TRIGGER:-PT{minutes}M", "DESCRIPTION:Reminder", "END:VALARM")]
        if self.kind == "huge":
            return ["DESCRIPTION:" + "Long words of a customer\\, with a comma\\n" * 2000]
        if self.kind == "letters":
            return ["LOCATION:Größe 39\\, Straße 7\\; Hof", "DESCRIPTION:日本語のメモ — Übergrößenträger — 👩🏽‍🎨 עברית",
                    "CATEGORIES:Privat,Köln", "X-SOMEBODY-ELSE;X-P=\"a;b\":kept as it is"]
        if self.kind == "guests":
            reply = self.chance.choice(list(REPLIES))
            self.blocks = REPLIES[reply] if self.blocks == "busy" or reply == "DECLINED" else self.blocks
            return ["ORGANIZER;CN=Chief;SCHEDULE-AGENT=CLIENT:mailto:chief@elsewhere.example",
                    f"ATTENDEE;CN=Anna;PARTSTAT={reply};SCHEDULE-AGENT=CLIENT:mailto:{self.own}",
                    "ATTENDEE;CN=Guest;PARTSTAT=DECLINED;SCHEDULE-AGENT=CLIENT:mailto:guest@elsewhere.example"]
        return []

    def dates(self, rule, extra=()):
        found = rruleset()
        found.rrule(rrulestr("RRULE:" + rule.replace("Z", ""), dtstart=self.start))
        found.rdate(self.start)  # RFC 5545 3.8.5.3: the first counts, whether or not the rule says so.
        for date in extra:
            found.rdate(date)
        return found.between(self.start, self.horizon, inc=True)

    def series(self):
        if self.kind == "day-series":
            return self.day_series()
        until = self.start + timedelta(days=45)
        rule = self.chance.choice(RULES[:10] if self.kind == "future" else RULES)
        written = rule.format(until=f"{to_utc(until, self.zone):%Y%m%dT%H%M%SZ}")
        dates = self.dates(rule.format(until=f"{until:%Y%m%dT%H%M%S}"))
        head = [self.local("DTSTART", self.start), self.local("DTEND", self.start + self.length), "RRULE:" + written,
                f"SUMMARY:Series {self.uid}", *self.style]
        detached, spans = [], {when: (when, when + self.length, "same") for when in dates}
        third = dates[2] if len(dates) > 2 else None
        if self.kind == "excluded" and third:
            head += [self.local("EXDATE", third)]
            del spans[third]
        if self.kind == "extra":
            more = self.start + timedelta(days=3, hours=1)
            head += [self.local("RDATE", more)]
            spans[more] = (more, more + self.length, "same")
        if self.kind in ("moved", "moved-out", "dropped") and third:
            at = third + (timedelta(days=40) if self.kind == "moved-out" else timedelta(hours=5))
            longer = self.length + timedelta(minutes=15)
            detached = [[self.local("RECURRENCE-ID", third), self.local("DTSTART", at), self.local("DTEND", at + longer),
                         "SUMMARY:Moved", *(["STATUS:CANCELLED"] if self.kind == "dropped" else self.style)]]
            spans[third] = (at, at + longer, None if self.kind == "dropped" else "same")
        if self.kind == "future" and third:
            by, longer = timedelta(hours=2), self.length + timedelta(minutes=30)
            detached = [[self.local("RECURRENCE-ID;RANGE=THISANDFUTURE", third), self.local("DTSTART", third + by),
                         self.local("DTEND", third + by + longer), "SUMMARY:From here on", *self.style]]
            spans = {w: (w + by, w + by + longer, "same") if w >= third else s for w, s in spans.items()}
        self.add(head, *detached)
        for start, end, blocks in spans.values():
            self.block(to_utc(start, self.zone), to_utc(end, self.zone), blocks)

    def day_series(self):
        self.start = datetime.combine(self.start.date(), time.min)
        rule = self.chance.choice(SPARSE).format(until=f"{self.start + timedelta(days=100):%Y%m%d}")
        days = timedelta(days=self.chance.randrange(1, 3))
        self.add([f"DTSTART;VALUE=DATE:{self.start:%Y%m%d}", f"DTEND;VALUE=DATE:{self.start + days:%Y%m%d}", "RRULE:" + rule,
                  f"SUMMARY:Days {self.uid}", *self.style], zones=False)
        for day in self.dates(rule):
            self.block(to_utc(day, OWNER), to_utc(day + days, OWNER))

    def split(self):
        """This and future as most programs do it: the series ends, and another one begins."""
        first = self.dates("FREQ=WEEKLY;COUNT=5")
        until = to_utc(first[-1], self.zone)
        later = first[-1] + timedelta(days=7, hours=3)
        self.add([self.local("DTSTART", self.start), self.local("DTEND", self.start + self.length),
                  f"RRULE:FREQ=WEEKLY;UNTIL={until:%Y%m%dT%H%M%SZ}", "SUMMARY:Until then", *self.style])
        self.add([self.local("DTSTART", later), self.local("DTEND", later + self.length), "RRULE:FREQ=WEEKLY",
                  f"RELATED-TO:{self.uid}", "SUMMARY:From then on", *self.style], suffix="-b")
        rest = rrulestr("RRULE:FREQ=WEEKLY", dtstart=later).between(later, self.horizon, inc=True)
        for when in [*first, *rest]:
            self.block(to_utc(when, self.zone), to_utc(when + self.length, self.zone))
