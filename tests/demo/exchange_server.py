"""calgate against an Exchange-compatible server at its worst: answers in any order, stale ChangeKeys taken, a dead sync state answered with everything. Edits from both sides; nothing lost, doubled, or touched that is not ours."""

import argparse
import json
import os
import subprocess
import sys
from datetime import datetime, timedelta

import business
import http.client
from copies import compare, utc_of
from demo import read_all, wait_until
from gateway import Gateway
from planted import plant
from own_sites import ExchangeSite
from scratch import in_a_folder

FOREIGN = 10  # Events of each person's own.


class Exchange(ExchangeSite):
    """calgate-sim's Exchange server alone, and the people who use it through Outlook."""

    def __init__(self, program, folder, profile):
        super().__init__(self)
        self.folder = folder
        os.makedirs(folder)
        with open(os.path.join(folder, "log.txt"), "wb") as log:
            self.process = subprocess.Popen(
                [os.path.abspath(program), "--folder", folder, "--ews", profile], stdout=subprocess.PIPE, stderr=log, text=True
            )
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("calgate-sim ended at once; see its log.")
        greeting = json.loads(line)
        self.login, self.control, self.ca_file = greeting["logins"]["ews"], greeting["control"], greeting["ca_file"]
        self.connect_to = [f"{host}:443:127.0.0.1:{greeting['https']}" for host in greeting["hosts"]]

    def stop(self):
        self.process.terminate()
        self.process.wait(10)

    def call(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.control, timeout=60)
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None)
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        if answer.status != 200:
            raise RuntimeError(f"calgate-sim: {method} {path} answered {answer.status}: {text[:300]!r}")
        return json.loads(text)

    def make_calendar_with_events(self, staff, first_day):
        self.make_calendar(staff)
        for number in range(FOREIGN):
            start = datetime.combine(first_day + timedelta(days=number), datetime.min.time()) + timedelta(hours=19)
            self.put(staff, "", f"<CalendarItem><Subject>Private {number}</Subject><Body BodyType=\"HTML\">&lt;b&gt;mine&lt;/b&gt;</Body>"
                     f"<Start>{start.isoformat()}</Start><End>{(start + timedelta(hours=1)).isoformat()}</End></CalendarItem>")

    def foreign(self):
        return {e: c for staff in self.calendars for e, c in self.events(staff).items() if "calgateCopy" not in c}

    def forget(self):
        self.call("POST", "/ews/forgotten", {})


def edit_both_sides(gateway, exchange, booked, patience):
    """One in eleven is moved and one in eleven retitled in Outlook, one retitled through the API, at the same time. Fewer than a fifth of a calendar, beyond which calgate waits for a person (I13)."""
    by_place = {(copy.staff, copy.start): copy for copy in exchange.copies()}
    moved, renamed, changed = booked[0::11], booked[3::11], booked[6::11]
    for appointment in moved:
        exchange.move(by_place[appointment["staff"], utc_of(appointment, "start")], timedelta(minutes=10))
    for appointment in renamed:
        exchange.retitle(by_place[appointment["staff"], utc_of(appointment, "start")], "Outlook " + appointment["id"])
    for appointment in changed:
        gateway.expect("PUT", "/v1/appointments/" + appointment["id"], {**appointment, "title": "API " + appointment["id"]})
    gateway.sync()

    def settled():
        held = {a["id"]: a for a in gateway.appointments()}
        return (all(utc_of(held[a["id"]], "start") == utc_of(a, "start") + timedelta(minutes=10) for a in moved)
                and all(held[a["id"]]["title"] == "Outlook " + a["id"] for a in renamed)
                and all(held[a["id"]]["title"] == "API " + a["id"] for a in changed) and gateway.waiting() == 0)

    took = wait_until(settled, patience, "the edits of both sides did not settle")
    print(f"{len(moved)} moved and {len(renamed)} retitled in Outlook, {len(changed)} through the API: settled after {took:.1f} s")
    titles = {copy.title for copy in exchange.copies()}
    return [f"the edit of {a['id']} through the API is not in its copy" for a in changed if "API " + a["id"] not in titles]


def run(calgate, program, folder, count):
    first_day, patience, wrong = business.monday(business.today()), 60 + count, []
    exchange = Exchange(program, os.path.join(folder, "sim"), "worst")
    gateway = Gateway(calgate, os.path.join(folder, "calgate"))
    try:
        gateway.init("Own server", "Europe/Berlin")
        gateway.configure({"network": {"ca_file": exchange.ca_file, "connect_to": exchange.connect_to}})
        gateway.start()
        secret = os.path.join(folder, "password")
        with open(os.open(secret, os.O_CREAT | os.O_WRONLY, 0o600), "w", encoding="utf-8") as out:
            out.write(plant(exchange.login["password"], "the password of the mailbox", "password") + "\n")
        for number, (name, (person, zone)) in enumerate(business.STAFF.items()):
            gateway.expect("PUT", f"/v1/staff/{name}", {"id": name, "name": person, "zone": zone, "capacity": 1})
            exchange.make_calendar_with_events(name, first_day)
            where = ["--address", exchange.login["address"]] if number == 0 else ["--url", exchange.login["url"]]
            gateway.command("connect", "ews", *where, "--user", exchange.login["user"], "--password-file", secret,
                            "--staff", name, "--mirror", f"bookings-{name}", "--show", "title")
        foreign = exchange.foreign()
        booked = [{k: v for k, v in b.items() if k != "service"} for b in business.appointments(first_day, count)]
        gateway.put_all(booked)
        took = wait_until(lambda: gateway.waiting() == 0, patience, "not every appointment was mirrored")
        print(f"{count} appointments mirrored after {took:.1f} s")
        read_all(gateway)
        wrong += edit_both_sides(gateway, exchange, booked, patience)
        read_all(gateway)

        place = lambda booking: next(c for c in exchange.copies() if (c.staff, c.start) == (booking["staff"], utc_of(booking, "start")))
        exchange.delete(place(booked[1]))
        gateway.sync()
        took = wait_until(lambda: gateway.get(booked[1]["id"])["state"] == "cancelled", patience, "a deletion was not seen")
        exchange.forget()
        exchange.retitle(place(booked[2]), "After the server forgot")
        gateway.sync()
        took += wait_until(lambda: gateway.get(booked[2]["id"])["title"] == "After the server forgot", patience,
                           "an edit under a forgotten sync state was not seen")
        print(f"deleted in Outlook, then edited while the server forgot every sync state: in the API after {took:.1f} s")
        wait_until(lambda: gateway.waiting() == 0, patience, "something still waits")

        copies, lost, doubled = compare(gateway.appointments(), exchange.copies())
        now = exchange.foreign()
        touched = sum(now.get(event) != content for event, content in foreign.items()) + len(now.keys() - foreign.keys())
        print(f"{copies} copies, {lost} lost, {doubled} doubled, {touched} of {len(foreign)} foreign events touched, {exchange.mails()} mails")
        if lost or doubled or touched or exchange.mails() or len(foreign) != FOREIGN * len(business.STAFF):
            wrong.append("the calendars do not hold what they should")
        verified = gateway.verify()
        if verified.code != 0:
            wrong.append("verify finds differences: " + verified.output)
    finally:
        gateway.stop()
        exchange.stop()
    for sentence in wrong:
        print("WRONG: " + sentence, file=sys.stderr)
    return not wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calgate", required=True)
    parser.add_argument("--simulator", required=True)
    parser.add_argument("--appointments", type=int, default=60)
    arguments = parser.parse_args()
    return in_a_folder("exchange", lambda folder: run(arguments.calgate, arguments.simulator, folder, arguments.appointments))


if __name__ == "__main__":
    sys.exit(main())
