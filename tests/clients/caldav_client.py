#!/usr/bin/env python3
"""python3-caldav, a client of other people, drives calgate-sim's iCloud over HTTPS.

    caldav_client.py CALGATE_SIM
"""

import http.client
import json
import subprocess
import sys
import tempfile
from datetime import datetime, timezone

import urllib3.util.connection
import caldav
from caldav.lib.error import AuthorizationError, NotFoundError


def start(program, folder):
    process = subprocess.Popen([program, "--folder", folder, "--caldav", "icloud"], stdout=subprocess.PIPE, text=True)
    greeting = json.loads(process.stdout.readline())
    plain = urllib3.util.connection.create_connection

    def here(address, *arguments, **named):
        if address[0] not in greeting["hosts"] and address[0] != "127.0.0.1":
            raise OSError(f"Nothing but the simulated services may be reached, not {address[0]}.")
        if address[0] in greeting["hosts"]:
            address = ("127.0.0.1", greeting["https"])
        return plain(address, *arguments, **named)

    urllib3.util.connection.create_connection = here
    return process, greeting


def check(condition, sentence):
    if not condition:
        sys.exit("FAILED " + sentence)
    print("ok " + sentence)


def text(title):
    return "\r\n".join([
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//python-caldav//EN", "BEGIN:VEVENT", "UID:python-1",
        "DTSTAMP:20260301T080000Z", "DTSTART:20260610T080000Z", "DTEND:20260610T083000Z", f"SUMMARY:{title}",
        "X-TICKET:t-1", "END:VEVENT", "END:VCALENDAR", "",
    ])


def events(found):
    """iCloud lists the collection among its own members."""
    return [one.url for one in found if one.url.path.endswith(".ics")]


def drive(client):
    principal = client.principal()
    calendars = {calendar.name: calendar for calendar in principal.calendars()}
    check("home" in calendars, "the home on the partition host is found, and its calendars")
    calendar = calendars["home"]
    check(calendar.url.hostname == "p42-caldav.icloud.com", "they lie on the partition host")
    before = calendar.objects_by_sync_token()
    check(not events(before), "a first sync finds nothing but the collection itself")

    event = calendar.save_event(text("Färben & Föhnen"))
    check(event.url.hostname == "p42-caldav.icloud.com", "an event is created")
    read = calendar.event_by_uid("python-1")
    vevent = read.vobject_instance.vevent
    check(vevent.summary.value == "Färben & Föhnen" and vevent.x_ticket.value == "t-1", "it is found by its UID and read")
    check("X-APPLE-CREATOR-IDENTITY" in read.data, "as iCloud rewrote it")
    added, _ = before.sync()
    check(events(added) == [event.url], "a sync names it as new")
    found = calendar.date_search(datetime(2026, 6, 1, tzinfo=timezone.utc), datetime(2026, 7, 1, tzinfo=timezone.utc), expand=False)
    check(events(found) == [event.url], "a search by time finds it")
    later = calendar.date_search(datetime(2026, 7, 1, tzinfo=timezone.utc), datetime(2026, 8, 1, tzinfo=timezone.utc), expand=False)
    check(not events(later), "and one of another time does not")

    read.vobject_instance.vevent.summary.value = "Färben"
    read.save()
    check(calendar.event_by_uid("python-1").vobject_instance.vevent.summary.value == "Färben", "a change is stored")
    updated, _ = before.sync()
    check(events(updated) == [event.url], "a sync names it as changed")
    read.delete()
    try:
        calendar.event_by_uid("python-1")
        check(False, "what is deleted is not found")
    except NotFoundError:
        check(True, "what is deleted is not found")
    _, deleted = before.sync()
    check(not events(before) and events(deleted) == [event.url], "a sync names it as deleted")


def main():
    with tempfile.TemporaryDirectory() as folder:
        process, greeting = start(sys.argv[1], folder)
        try:
            login = greeting["logins"]["caldav-icloud"]
            control = http.client.HTTPConnection("127.0.0.1", greeting["control"], timeout=20)
            control.request("POST", "/caldav-icloud/calendars", json.dumps({"name": "home"}))
            control.getresponse().read()

            def client(password):
                return caldav.DAVClient("https://caldav.icloud.com/", username=login["user"], password=password,
                                        ssl_verify_cert=greeting["ca_file"])

            drive(client(login["password"]))
            try:
                client("Summer2026!").principal().calendars()
                check(False, "an ordinary password is refused")
            except AuthorizationError:
                check(True, "an ordinary password is refused")
        finally:
            process.terminate()
            process.wait(10)


if __name__ == "__main__":
    main()
