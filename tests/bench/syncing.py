"""P5, P11a, P11b: reading a whole calendar from Radicale beside a bare request for the same bytes (and vdirsyncer, where it is
installed), writing a thousand events beside a bare PUT loop, and how soon a booking is in the answers. A table, then JSON lines."""

import argparse
import http.client
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import time
from datetime import date, datetime, timedelta

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "demo"))

from caldav_client import CalDav  # noqa: E402
from demo import wait_until  # noqa: E402
from gateway import Gateway  # noqa: E402
from scratch import in_a_folder  # noqa: E402
from servers import PASSWORD, Radicale  # noqa: E402
from serving import cpu_seconds, fill  # noqa: E402

EVERYTHING = (
    '<?xml version="1.0" encoding="utf-8"?><c:calendar-query xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:prop><d:getetag/>'
    '<c:calendar-data/></d:prop><c:filter><c:comp-filter name="VCALENDAR"/></c:filter></c:calendar-query>'
)
VDIRSYNCER = """[general]
status_path = "{folder}/status"
[pair own]
a = "here"
b = "there"
collections = ["own"]
[storage here]
type = "filesystem"
path = "{folder}/here"
fileext = ".ics"
[storage there]
type = "caldav"
url = "http://127.0.0.1:{port}/demo/"
username = "demo"
password = "{password}"
"""


def bare_read(server):
    """One request for all that is there, thrown away."""
    began = time.monotonic()
    status, _, body = CalDav(server.port).request("REPORT", "/demo/own/", EVERYTHING, {"Depth": "1"}, timeout=900)
    if status != 207:
        raise RuntimeError(f"Radicale answered {status}.")
    return time.monotonic() - began, len(body)


def vdirsyncer_read(folder, server):
    """Wall and CPU of a first synchronisation into files."""
    os.makedirs(os.path.join(folder, "here"))
    config = os.path.join(folder, "config")
    with open(config, "w", encoding="utf-8") as out:
        out.write(VDIRSYNCER.format(folder=folder, port=server.port, password=PASSWORD))
    call = lambda *words: subprocess.run(["vdirsyncer", "-c", config, *words], input="y\n" * 9, text=True, capture_output=True, check=True)
    call("discover")
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    call("sync")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.monotonic() - began, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def fresh(folder, arguments):
    gateway = Gateway(arguments.calgate, folder)
    gateway.init("Bench", "Europe/Berlin")
    gateway.configure({"limits": {"key_per_minute": 0}})
    gateway.start()
    gateway.expect("PUT", "/v1/staff/owner", {"id": "owner", "name": "Owner", "zone": "Europe/Berlin", "capacity": 1})
    return gateway


def our_read(folder, server, arguments):
    """Wall and CPU from connecting until every source is live."""
    gateway = fresh(folder, arguments)
    first = date.today()
    week = f"/v1/availability?staff=owner&from={first}T00:00:00Z&to={first + timedelta(days=7)}T00:00:00Z"
    try:
        before, began = cpu_seconds(gateway.process), time.monotonic()
        gateway.connect(server.port, "owner", mirror=[], busy=["own"])
        live = lambda sources: sources and all(source["freshness"] == "live" for source in sources)
        wait_until(lambda: live(gateway.expect("GET", week)["staff"][0]["sources"]), 900, "no first sync", every=0.02)
        return time.monotonic() - began, cpu_seconds(gateway.process) - before
    finally:
        gateway.stop()


def first_sync(folder, arguments):
    server = Radicale("Radicale", os.path.join(folder, "radicale"))
    rows = {"bare": [], "ours": [], "vdirsyncer": []}
    try:
        fill(arguments.bench, server, arguments.events)
        server.start()
        CalDav(server.port).request("PROPFIND", "/demo/", None, {"Depth": "1"}, timeout=900)
        for turn in range(arguments.rounds):
            rows["bare"].append(bare_read(server))
            rows["ours"].append(our_read(os.path.join(folder, f"ours{turn}"), server, arguments))
            if shutil.which("vdirsyncer"):
                rows["vdirsyncer"].append(vdirsyncer_read(os.path.join(folder, f"vdirsyncer{turn}"), server))
        return {name: [statistics.median(column) for column in zip(*found)] for name, found in rows.items() if found}
    finally:
        server.kill()


def bookings(count):
    start = datetime.combine(date.today() + timedelta(days=30), datetime.min.time())
    return [
        {"id": f"b{n}", "staff": "owner", "start": (start + timedelta(minutes=30 * n)).isoformat(),
         "end": (start + timedelta(minutes=30 * n + 30)).isoformat(), "zone": "Europe/Berlin", "title": "Haircut"}
        for n in range(count)
    ]


def bare_writes(server, texts):
    """The same texts again, one after the other over one connection."""
    headers = {**CalDav(server.port).headers, "Content-Type": "text/calendar; charset=utf-8", "If-None-Match": "*"}
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    began = time.monotonic()
    for number, text in enumerate(texts):
        connection.request("PUT", f"/demo/bare/{number}.ics", text.encode(), headers)
        answer = connection.getresponse()
        answer.read()
        if answer.status != 201:
            raise RuntimeError(f"PUT answered {answer.status}.")
    return len(texts) / (time.monotonic() - began)


def writes(folder, arguments):
    """Events a second into an empty calendar: ours, from connecting until nothing waits, and the bare loop's."""
    server = Radicale("Radicale", os.path.join(folder, "written"))
    server.start()
    raw = CalDav(server.port)
    for name in ("own", "bare"):
        raw.make_calendar(f"/demo/{name}/", name)
    gateway = fresh(os.path.join(folder, "writer"), arguments)
    try:
        gateway.put_all(bookings(arguments.writes))
        began = time.monotonic()
        gateway.connect(server.port, "owner", mirror=["own"], busy=[])
        wait_until(lambda: gateway.status()["targets"] and gateway.waiting() == 0, 900, "not all was written", every=0.05)
        ours = arguments.writes / (time.monotonic() - began)
        texts = [text for _, text in raw.events("/demo/own/").values()][: arguments.writes]
        return ours, bare_writes(server, texts)
    finally:
        gateway.stop()
        server.kill()


def shown_after(folder, arguments):
    """From the acknowledgement of a booking to the end of the first answer that has it; how many answers did not."""
    gateway = fresh(os.path.join(folder, "shown"), arguments)
    took, late = [], 0
    try:
        for booking in bookings(300):
            day = date.fromisoformat(booking["start"][:10])
            path = f"/v1/availability?staff=owner&from={day - timedelta(days=1)}T00:00:00Z&to={day + timedelta(days=2)}T00:00:00Z"
            before = gateway.expect("GET", path)["staff"][0]["busy"]
            gateway.expect("PUT", "/v1/appointments/" + booking["id"], booking)
            began = time.monotonic()
            while gateway.expect("GET", path)["staff"][0]["busy"] == before:
                late += 1
                if late > 10000:
                    raise RuntimeError("A booking is in no answer.")
            took.append(time.monotonic() - began)
        return statistics.median(took), max(took), late
    finally:
        gateway.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calgate", required=True)
    parser.add_argument("--bench", required=True, help="the calgate_bench program")
    parser.add_argument("--events", type=int, default=10000)
    parser.add_argument("--writes", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()

    def row(what, ours, peer, unit):
        print(f"{what:60} {ours:12,.2f} {peer:12,.2f} {ours / peer:9.2f}  {unit}", flush=True)

    def run(folder):
        median, worst, late = shown_after(folder, arguments)
        row("P11b a booking in the answers, worst of 300; the goal", worst * 1e3, 5, "ms")
        print(json.dumps({"bench": "shown", "median_s": median, "worst_s": worst, "answers_without": late}), flush=True)
        ours, bare = writes(folder, arguments)
        row(f"P11a {arguments.writes} events written; bare PUT loop", ours, bare, "events/s")
        found = first_sync(folder, arguments)
        row(f"P5 first sync of {arguments.events} events; bare request", found["ours"][0], found["bare"][0], "s")
        if "vdirsyncer" in found:
            row("P5 its CPU; vdirsyncer's", found["ours"][1], found["vdirsyncer"][1], "s")
        print(json.dumps({"bench": "syncing", "ours_per_s": ours, "bare_per_s": bare, **found}), flush=True)
        return True

    return in_a_folder("bench", run)


if __name__ == "__main__":
    sys.exit(main())
