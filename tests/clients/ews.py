#!/usr/bin/env python3
"""exchangelib, a client of other people, drives calgate-sim's Exchange server over HTTPS.

    ews.py CALGATE_SIM
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from datetime import datetime, timedelta

import urllib3.util.connection
from exchangelib import Account, CalendarItem, Configuration, Credentials, DELEGATE, EWSTimeZone, ExtendedProperty, Version
from exchangelib.errors import ErrorInvalidSubscription, ErrorItemNotFound, UnauthorizedError
from exchangelib.items import SEND_TO_NONE
from exchangelib.properties import EWS_ID, HEX_ENTRY_ID, AlternateId, CreatedEvent, ModifiedEvent
from exchangelib.protocol import BaseProtocol, FailFast
from exchangelib.recurrence import DailyPattern, NumberedPattern, Recurrence
from exchangelib.transport import BASIC
from exchangelib.version import EXCHANGE_2016


class Ticket(ExtendedProperty):
    property_set_id = "2f1c6a5e-8c9b-4b53-9c58-0d8a5d6f4c11"
    property_name = "Ticket"
    property_type = "String"


def start(program, folder):
    process = subprocess.Popen([program, "--folder", folder, "--ews", "plain"], stdout=subprocess.PIPE, text=True)
    greeting = json.loads(process.stdout.readline())
    os.environ["REQUESTS_CA_BUNDLE"] = greeting["ca_file"]
    plain = urllib3.util.connection.create_connection

    def here(address, *arguments, **named):
        if address[0] in greeting["hosts"]:
            address = ("127.0.0.1", greeting["https"])
        return plain(address, *arguments, **named)

    urllib3.util.connection.create_connection = here
    return process, greeting["logins"]["ews"]


def account_of(login, password):
    BaseProtocol.TIMEOUT = 20
    config = Configuration(
        service_endpoint=login["url"], credentials=Credentials(login["user"], password), auth_type=BASIC,
        # Accounts of one sign-in share their connections: one listens while the other edits.
        version=Version(build=EXCHANGE_2016), retry_policy=FailFast(), max_connections=2,
    )
    return Account(login["address"], config=config, autodiscover=False, access_type=DELEGATE,
                   default_timezone=EWSTimeZone("Europe/Berlin"))


def check(condition, sentence):
    if not condition:
        sys.exit("FAILED " + sentence)
    print("ok " + sentence)


def drive(account):
    zone, calendar = EWSTimeZone("Europe/Berlin"), account.calendar
    CalendarItem.register("ticket", Ticket)
    begin = datetime(2026, 6, 10, 9, tzinfo=zone)
    list(calendar.sync_items())
    item = CalendarItem(account=account, folder=calendar, subject="Färben & Föhnen", body="Zwei\nZeilen", location="Hof",
                        start=begin, end=begin + timedelta(hours=1), ticket="t-1")
    item.save(send_meeting_invitations=SEND_TO_NONE)
    check(item.id and item.changekey, "an item is created")
    read = calendar.get(ticket="t-1")
    check((read.subject, read.location, read.start) == ("Färben & Föhnen", "Hof", begin), "it is found by its property and read")
    check(read.ticket == "t-1" and str(read.body).strip() == "Zwei\nZeilen", "with its property and body")
    changes = list(calendar.sync_items())
    check([(kind, one.id) for kind, one in changes] == [("create", item.id)], "a sync names it as created")
    read.subject, read.end = "Färben", begin + timedelta(hours=2)
    before = read.changekey
    read.save(update_fields=["subject", "end"], send_meeting_invitations=SEND_TO_NONE)
    check(read.changekey != before, "an update has another ChangeKey")
    check(calendar.get(ticket="t-1").end == begin + timedelta(hours=2), "and is stored")
    check([kind for kind, _ in calendar.sync_items()] == ["update"], "a sync names it as updated")
    read.delete(send_meeting_cancellations=SEND_TO_NONE)
    gone = list(account.fetch(ids=[(item.id, item.changekey)]))
    check(isinstance(gone[0], ErrorItemNotFound), "what is deleted is not found")
    check([kind for kind, _ in calendar.sync_items()] == ["delete"], "a sync names it as deleted")


def listen(account, editor):
    """What one client does, the other one hears while its connection is open."""
    zone, calendar = EWSTimeZone("Europe/Berlin"), account.calendar
    begin = datetime(2026, 6, 11, 9, tzinfo=zone)
    subscription = calendar.subscribe_to_streaming()
    check(bool(subscription), "a streaming subscription is made")
    early = CalendarItem(account=account, folder=calendar, subject="Before", start=begin, end=begin + timedelta(hours=1))
    early.save(send_meeting_invitations=SEND_TO_NONE)

    def events(most):
        heard = calendar.get_streaming_events(subscription, connection_timeout=1, max_notifications_returned=most)
        return [event for notification in heard for event in notification.events]

    first = events(1)
    check([type(event) for event in first] == [CreatedEvent], "what happened before the connection was opened is told")
    check(first[0].item_id.id == early.id, "with the item's id")

    def edit():
        time.sleep(1)  # So that the connection is open; what is told does not depend on it.
        item = CalendarItem(account=editor, folder=editor.calendar, subject="Meanwhile", start=begin + timedelta(hours=2),
                            end=begin + timedelta(hours=3))
        item.save(send_meeting_invitations=SEND_TO_NONE)
        item.subject = "Changed"
        item.save(update_fields=["subject"], send_meeting_invitations=SEND_TO_NONE)

    other = threading.Thread(target=edit)
    other.start()
    kinds = [type(event) for event in events(2)]
    other.join()
    check(kinds == [CreatedEvent, ModifiedEvent], "what happens meanwhile is told as it happens")
    calendar.unsubscribe(subscription)
    try:
        events(1)
        check(False, "an ended subscription tells nothing")
    except ErrorInvalidSubscription:
        check(True, "an ended subscription tells nothing")


def look(account):
    """Windows, filters, other ids, names, zones and pulled events."""
    zone, calendar = EWSTimeZone("Europe/Berlin"), account.calendar
    begin = datetime(2026, 7, 6, 9, tzinfo=zone)
    subscription, watermark = calendar.subscribe_to_pull()
    series = CalendarItem(account=account, folder=calendar, subject="Daily", start=begin, end=begin + timedelta(hours=1),
                          recurrence=Recurrence(pattern=DailyPattern(interval=1), boundary=NumberedPattern(start=begin.date(), number=4)))
    series.save(send_meeting_invitations=SEND_TO_NONE)
    single = CalendarItem(account=account, folder=calendar, subject="Single", start=begin + timedelta(hours=2),
                          end=begin + timedelta(hours=3))
    single.save(send_meeting_invitations=SEND_TO_NONE)
    window = calendar.view(start=begin, end=begin + timedelta(days=2))
    check([one.subject for one in window] == ["Daily", "Single", "Daily"], "a window shows each occurrence, in order")
    check([one.id for one in calendar.filter(subject="Single")] == [single.id], "a filter by the subject is followed")
    later = calendar.filter(start__gte=begin + timedelta(hours=1), end__lte=begin + timedelta(days=1)).order_by("-start")
    check([one.subject for one in later] == ["Single"], "so is one by times")
    occurrence = calendar.view(start=begin + timedelta(days=1), end=begin + timedelta(days=2))[0]
    occurrence.subject = "Another day"
    occurrence.save(update_fields=["subject"], send_meeting_invitations=SEND_TO_NONE)
    master = calendar.get(subject="Daily")
    check([one.start for one in master.modified_occurrences] == [begin + timedelta(days=1)], "one occurrence is changed, and no other")
    heard = [type(event).__name__ for notification in calendar.get_events(subscription, watermark) for event in notification.events]
    check(heard == ["CreatedEvent", "CreatedEvent", "ModifiedEvent"], "whoever pulls is told what happened")
    ids = [AlternateId(id=single.id, format=EWS_ID, mailbox=account.primary_smtp_address)]
    other = list(account.protocol.convert_ids(ids, destination_format=HEX_ENTRY_ID))[0]
    back = list(account.protocol.convert_ids([other], destination_format=EWS_ID))[0]
    check(other.id != single.id and back.id == single.id, "an id is converted there and back")
    check([one.email_address for one in account.protocol.resolve_names(["anna"])] == [account.primary_smtp_address], "a name is resolved")
    zones = [one.id for one in account.protocol.get_timezones()]
    check("W. Europe Standard Time" in zones, "the server names its time zones")
    views = list(account.protocol.get_free_busy_info([(account, "Organizer", False)], start=begin, end=begin + timedelta(days=2)))
    heard = [str(one.start) for one in views[0].calendar_events]
    check(heard == ["2026-07-06 09:00:00", "2026-07-07 09:00:00", "2026-07-06 11:00:00"],
          "busy time is told occurrence by occurrence, in the zone of the asker")
    single.move(to_folder=account.trash)
    check(not list(calendar.filter(subject="Single")) and account.trash.filter(subject="Single").count() == 1, "an item is moved")


def main():
    with tempfile.TemporaryDirectory() as folder:
        process, login = start(sys.argv[1], folder)
        try:
            drive(account_of(login, login["password"]))
            look(account_of(login, login["password"]))
            listen(account_of(login, login["password"]), account_of(login, login["password"]))
            try:
                account_of(login, "wrong").calendar.get(ticket="t-1")
                check(False, "a wrong password is refused")
            except UnauthorizedError:
                check(True, "a wrong password is refused")
        finally:
            process.terminate()
            process.wait(10)


if __name__ == "__main__":
    main()
