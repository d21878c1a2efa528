"""The fixture business of the demo: who works there, what is booked, what their private calendars hold. All fictional."""

from datetime import date, datetime, timedelta

STAFF = {
    "anna": ("Anna Berg", "Europe/Berlin"),
    "ben": ("Ben Kowalski", "Europe/Berlin"),
    "carla": ("Carla Neumann", "Europe/Berlin"),
    "dev": ("Dev Shah", "America/New_York"),
    "elin": ("Elin Strand", "America/New_York"),
}
SERVICES = {"cut": ("Haircut", 30), "colour": ("Colour", 90), "consult": ("Consultation", 45)}
CUSTOMERS = ["Ida Vogel", "Marek Novák", "Zoë Laurent", "Tom O'Neil", "Yuki Tanaka", "Çelik, Aylin", "Ola Nordmann"]


def monday(today):
    """The first Monday at least three days away: the four weeks of the demo start there."""
    day = today + timedelta(days=3)
    return day + timedelta(days=(7 - day.weekday()) % 7)


def appointments(first_day, count=240):
    """`count` appointments over four weeks: twelve per person and week, never two of a person at once."""
    made = []
    people, services = list(STAFF), list(SERVICES)
    for number in range(count):
        person = people[number % len(people)]
        turn = number // len(people)  # of that person: 0 …
        week, place = divmod(turn, 12)
        day, slot = divmod(place, 3)
        service = services[number % len(services)]
        start = datetime.combine(first_day + timedelta(days=7 * week + day), datetime.min.time())
        start += timedelta(hours=(9, 11, 14)[slot])
        end = start + timedelta(minutes=SERVICES[service][1])
        made.append(
            {
                "id": f"booking-{number:04d}",
                "staff": person,
                "service": service,
                "start": start.isoformat(),
                "end": end.isoformat(),
                "zone": STAFF[person][1],
                "title": f"{SERVICES[service][0]} {number}",
                "customer": CUSTOMERS[number % len(CUSTOMERS)],
                "notes": "prefers a quiet chair",
            }
        )
    return made


def extra_appointments(first_day, count):
    """Bookings made during the outage: late slots that the four weeks leave open."""
    people = list(STAFF)
    for number in range(count):
        person = people[number % len(people)]
        turn = number // len(people)
        day, slot = divmod(turn, 2)
        start = datetime.combine(first_day + timedelta(days=28 + day), datetime.min.time()) + timedelta(hours=16 + slot)
        yield {
            "id": f"outage-{number:04d}",
            "staff": person,
            "service": "cut",
            "start": start.isoformat(),
            "end": (start + timedelta(minutes=30)).isoformat(),
            "zone": STAFF[person][1],
            "title": f"Haircut {number}",
        }


def _event(uid, lines):
    body = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Private calendar//EN", "BEGIN:VEVENT", f"UID:{uid}",
            "DTSTAMP:20260101T000000Z", *lines, "END:VEVENT", "END:VCALENDAR", ""]
    return "\r\n".join(body)


def private_events(person, first_day):
    """One external calendar: a series with an exception and a moved instance, leave, a private and a free event."""
    zone = STAFF[person][1]
    compact = lambda day, clock: f"{day:%Y%m%d}T{clock}"
    friday = first_day + timedelta(days=4)
    series = "\r\n".join(
        ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Private calendar//EN",
         "BEGIN:VEVENT", f"UID:series-{person}", "DTSTAMP:20260101T000000Z",
         f"DTSTART;TZID={zone}:{compact(friday, '090000')}", f"DTEND;TZID={zone}:{compact(friday, '100000')}",
         "RRULE:FREQ=WEEKLY;COUNT=8", f"EXDATE;TZID={zone}:{compact(friday + timedelta(days=7), '090000')}",
         "SUMMARY:Choir", "END:VEVENT",
         "BEGIN:VEVENT", f"UID:series-{person}", "DTSTAMP:20260101T000000Z",
         f"RECURRENCE-ID;TZID={zone}:{compact(friday + timedelta(days=14), '090000')}",
         f"DTSTART;TZID={zone}:{compact(friday + timedelta(days=14), '120000')}",
         f"DTEND;TZID={zone}:{compact(friday + timedelta(days=14), '130000')}",
         "SUMMARY:Choir (moved)", "END:VEVENT", "END:VCALENDAR", ""]
    )
    saturday = first_day + timedelta(days=5)
    return {
        f"series-{person}.ics": series,
        f"leave-{person}.ics": _event(f"leave-{person}", [
            f"DTSTART;VALUE=DATE:{saturday:%Y%m%d}", f"DTEND;VALUE=DATE:{saturday + timedelta(days=2):%Y%m%d}",
            "SUMMARY:Leave"]),
        f"private-{person}.ics": _event(f"private-{person}", [
            f"DTSTART;TZID={zone}:{compact(friday, '140000')}", f"DTEND;TZID={zone}:{compact(friday, '150000')}",
            "CLASS:PRIVATE", "SUMMARY:Doctor"]),
        f"free-{person}.ics": _event(f"free-{person}", [
            f"DTSTART;TZID={zone}:{compact(friday, '160000')}", f"DTEND;TZID={zone}:{compact(friday, '170000')}",
            "TRANSP:TRANSPARENT", "SUMMARY:Reminder only"]),
    }


def expected_private_busy(person, first_day):
    """Local (start, end) of what private_events blocks in the first week, computed here by hand."""
    friday = first_day + timedelta(days=4)
    at = lambda day, hour: datetime.combine(day, datetime.min.time()) + timedelta(hours=hour)
    saturday = first_day + timedelta(days=5)
    return [
        (at(friday, 9), at(friday, 10)),
        (at(friday, 14), at(friday, 15)),
        (at(saturday, 0), at(saturday + timedelta(days=2), 0)),
    ]


def today():
    return date.today()
