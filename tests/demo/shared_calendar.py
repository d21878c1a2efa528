"""An official client and calgate work on one simulated calendar at once, both sides change the same things, and end equal."""

import argparse
import json
import os
import random
import subprocess
import sys
import time
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import business
from cloud import Simulator
from copies import compare, utc_of
from demo import read_all, wait_until
from gateway import Gateway
from scratch import in_a_folder

APPOINTMENTS = 60
ERASE = 8  # Steps between two copies that the client deletes, while calgate is at rest: one that is just being written is believed gone after a quarter of an hour only.
STEP = 10  # Operations of the client between two looks at it.
UNREAD = 3  # Edits and deletions of copies before calgate has to have read them: a fifth of them in one reading would wait for a person (I13).


class Client:
    """The official library's process; its operations run while this program goes on."""

    def __init__(self, simulator, installed, service, calendar, seed):
        installed = os.path.abspath(installed)
        self.process = subprocess.Popen(
            ["node", "--import", os.path.join(installed, "production_hosts.mjs"), os.path.join(installed, "shared_calendar.mjs"),
             service, calendar, str(seed)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={
                "PATH": os.environ["PATH"], "HOME": simulator.folder, "TZ": "UTC", "NODE_EXTRA_CA_CERTS": simulator.ca_file,
                "CALGATE_SIM_HTTPS": str(simulator.https), "CALGATE_SIM_CONTROL": str(simulator.control),
                "CALGATE_SIM_HOSTS": ",".join(simulator.hosts), "CALGATE_SIM_LOGINS": json.dumps(simulator.logins),
            },
        )
        self.answer()

    def begin(self, operations):
        self.process.stdin.write(f"{operations}\n")
        self.process.stdin.flush()

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"The official client ended with {self.process.wait()}.")
        return json.loads(line)

    def stop(self):
        self.process.stdin.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()


class Bookings:
    """What the booking system does meanwhile: every appointment keeps its hour, so that none ever meets another."""

    def __init__(self, gateway, seed):
        self.gateway, self.chance, self.changes, self.unsettled = gateway, random.Random(seed), 0, set()
        first_day = business.monday(business.today())
        self.hours = [
            datetime.combine(first_day + timedelta(days=number // 6), datetime.min.time()) + timedelta(hours=8 + 2 * (number % 6))
            for number in range(APPOINTMENTS)
        ]

    def body(self, number):
        start = self.hours[number] + timedelta(minutes=15 * self.chance.randrange(4))
        self.changes += 1
        return {
            "id": f"booking-{number:03d}", "staff": "anna", "start": start.isoformat(),
            "end": (start + timedelta(minutes=30)).isoformat(), "zone": "Europe/Berlin", "title": f"Booking {self.changes}",
        }

    def book_all(self):
        self.gateway.put_all([self.body(number) for number in range(APPOINTMENTS)])

    def change_one(self):
        number = self.chance.randrange(APPOINTMENTS)
        self.unsettled.add(number)
        if self.chance.randrange(4) == 0:
            self.gateway.expect("DELETE", f"/v1/appointments/booking-{number:03d}")
        else:
            body = self.body(number)
            self.gateway.expect("PUT", "/v1/appointments/" + body["id"], body)


    def number_at(self, milliseconds):
        """Of the appointment whose copy began there; both sides move it within its hour."""
        local = datetime.fromtimestamp(milliseconds / 1000, ZoneInfo("Europe/Berlin")).replace(tzinfo=None)
        return self.hours.index(local.replace(minute=0, second=0))

    def keep_in_spite(self, erased):
        """
        Numbers of appointments that are not cancelled although the client deleted their copies and nobody changed them here
        meanwhile; everything was read and written before. What was changed on both sides may end either way.
        """
        judged = {self.number_at(start) for start in erased} - self.unsettled
        self.unsettled.clear()
        states = {number: self.gateway.get(f"booking-{number:03d}")["state"] for number in judged}
        return len(judged), sorted(number for number, state in states.items() if state != "cancelled")


def look(gateway):
    """What both sides did so far is read and written."""
    read_all(gateway)
    wait_until(lambda: gateway.waiting() == 0, 90, "what was read was not written")


def settle(gateway):
    for _ in range(3):  # What the first reading changes is read back by the next.
        read_all(gateway)
        wait_until(lambda: gateway.waiting() == 0, 90, "calgate and its calendar did not settle")


def differences(gateway, site, last):
    """Sentences about everything that is not equal at the end."""
    wrong = []
    held = {a["id"]: a for a in gateway.appointments() if a["state"] == "confirmed"}
    copies = site.copies()
    count, lost, doubled = compare(held.values(), copies)
    if (count, lost, doubled) != (len(held), 0, 0):
        wrong.append(f"{count} copies of {len(held)} appointments, {lost} lost, {doubled} doubled")
    titles = {copy.start: copy.title for copy in copies}
    for appointment in held.values():
        shown = titles.get(utc_of(appointment, "start"))
        if shown != appointment["title"]:
            wrong.append(f"{appointment['id']} is {appointment['title']!r} here and {shown!r} there")
    copied = {copy.event for copy in copies}
    stored = {event: content for event, content in site.events("anna").items() if event not in copied and not site.is_marked(content)}
    own = last["own"]
    if set(stored) != set(own):
        wrong.append(f"the client has {len(own)} events of its own and the service {len(stored)} foreign ones")
    for event, content in stored.items():
        mine = own.get(event, {})
        start = site.instant(content["start"]).timestamp() * 1000
        if (content.get(site.title), start) != (mine.get("title"), mine.get("start")):
            wrong.append(f"the client's event {event} was changed by somebody else")
    listed = {each["id"] for each in last["seen"]}
    if listed != set(stored) | copied:
        wrong.append(f"the client lists {len(listed)} events, the service holds {len(stored) + len(copied)}")
    for conflict in gateway.expect("GET", "/v1/conflicts")["conflicts"]:
        # A copy that was edited while its appointment was cancelled: the cancellation stands, the edit is kept there.
        if conflict["state"] == "open" and conflict["kind"] != "deleted-and-edited":
            wrong.append(f"a conflict is open: {conflict}")
    verified = gateway.verify()
    if verified.code != 0:
        wrong.append("calgate verify found differences:\n" + verified.output)
    if site.mails():
        wrong.append(f"{site.mails()} mails were sent")
    return wrong


def run(arguments, folder):
    simulator = Simulator(arguments.simulator, os.path.join(folder, "sim"))
    gateway = Gateway(arguments.calgate, os.path.join(folder, "calgate"))
    client, wrong, judged = None, [], 0
    began = time.monotonic()
    try:
        simulator.start()
        gateway.init("Shared", "Europe/Berlin")
        simulator.configure(gateway)
        gateway.configure({"policy": {"concurrent_edits": "calendar", "deletions": "cancel"}})
        gateway.start()
        gateway.expect("PUT", "/v1/staff/anna", {"id": "anna", "name": "Anna", "zone": "Europe/Berlin", "capacity": 1})
        site = simulator.google if arguments.service == "google" else simulator.graph
        site.make_calendar("anna")
        if arguments.service == "google":
            simulator.connect_google(gateway, "anna")
        else:
            simulator.connect_graph(gateway, "anna", by_application=False)
        bookings = Bookings(gateway, arguments.seed)
        bookings.book_all()
        wait_until(lambda: gateway.waiting() == 0, 60, "not every appointment was mirrored")
        client = Client(simulator, arguments.clients, arguments.service, site.calendars["anna"], arguments.seed)
        read = 0
        for step in range(arguments.operations // STEP):
            client.begin(STEP)
            for _ in range(2):
                bookings.change_one()
            gateway.sync()
            last = client.answer()
            if step % ERASE == ERASE - 1:
                look(gateway)
                bookings.unsettled.clear()
                client.begin("erase")
                last = client.answer()
            touched = last["did"]["edited"] + last["did"]["erased"]
            if last["erased"] or touched - read >= UNREAD:
                look(gateway)
                count, kept = bookings.keep_in_spite(last["erased"])
                judged, read = judged + count, touched
                wrong += [f"the copy of booking-{number:03d} was deleted, and it is not cancelled" for number in kept]
        if arguments.operations >= 200 and judged == 0:
            wrong.append("no deleted copy was judged")
        settle(gateway)
        client.begin(0)
        last = client.answer()
        wrong += differences(gateway, site, last)
        print(
            f"{arguments.service}, seed {arguments.seed}: {arguments.operations} operations of the official client "
            f"({', '.join(f'{count} {what}' for what, count in last['did'].items())}) beside {bookings.changes} bookings, {judged} cancelled by deleting their copies, "
            f"{len(wrong)} differences, {time.monotonic() - began:.0f} s"
        )
    finally:
        if client:
            client.stop()
        gateway.stop()
        simulator.stop()
    for sentence in wrong:
        print("WRONG: " + sentence, file=sys.stderr)
    return not wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calgate", required=True)
    parser.add_argument("--simulator", required=True)
    parser.add_argument("--clients", required=True, help="where the official clients are installed")
    parser.add_argument("--service", choices=["google", "graph"], required=True)
    parser.add_argument("--operations", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    return in_a_folder("shared", lambda folder: run(arguments, folder))


if __name__ == "__main__":
    sys.exit(main())
