"""What the serving gateway costs beside peers on the same machine in the same minutes: free/busy and slots under wrk beside nginx and
Radicale (P1, P2, P3), durable bookings beside a bare SQLite loop (P8). Medians of interleaved rounds; a table, then JSON lines."""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import time
from datetime import date, timedelta

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "demo"))

from caldav_client import CalDav  # noqa: E402
from demo import wait_until  # noqa: E402
from gateway import Gateway  # noqa: E402
from scratch import in_a_folder  # noqa: E402
from servers import Radicale, Server  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0}
QUERY = (
    '<?xml version="1.0" encoding="utf-8"?><c:calendar-query xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:prop>'
    '<c:calendar-data><c:expand start="{0}" end="{1}"/></c:calendar-data></d:prop><c:filter><c:comp-filter name="VCALENDAR">'
    '<c:comp-filter name="VEVENT"><c:time-range start="{0}" end="{1}"/></c:comp-filter></c:comp-filter></c:filter></c:calendar-query>'
)


class Nginx(Server):
    """One static file, two workers, kept connections."""

    def command(self):
        config = os.path.join(self.folder, "nginx.conf")
        with open(config, "w", encoding="utf-8") as out:
            out.write(
                ("user root;\n" if os.geteuid() == 0 else "")  # The folder is its maker's alone.
                + f"daemon off; worker_processes 2; pid {self.folder}/pid; error_log {self.folder}/error.log;\n"
                "events { worker_connections 512; }\n"
                f"http {{ access_log off; keepalive_requests 100000000; server {{ listen 127.0.0.1:{self.port};"
                f" root {self.folder}/www; default_type application/json; }} }}\n"
            )
        return ["/usr/sbin/nginx", "-c", config, "-p", self.folder]

    def hold(self, size):
        os.makedirs(os.path.join(self.folder, "www"), exist_ok=True)
        with open(os.path.join(self.folder, "www", "answer"), "wb") as out:
            out.write(b"x" * size)


def wrk(url, connections, seconds, headers=(), script=None):
    """Requests per second, median and 99th percentile in seconds. Raises when an answer was no success."""
    command = ["wrk", "-t2", f"-c{connections}", f"-d{seconds}s", "--latency"]
    for header in headers:
        command += ["-H", header]
    command += (["-s", script] if script else []) + [url]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in shown or "Socket errors" in shown:
        raise RuntimeError(f"{url} was not answered well:\n{shown}")
    wanted = {}
    for percent in ("50", "99"):
        number, unit = re.search(percent + r"%\s+([\d.]+)(us|ms|s)", shown).groups()
        wanted[percent] = float(number) * UNITS[unit]
    return float(re.search(r"Requests/sec:\s+([\d.]+)", shown).group(1)), wanted["50"], wanted["99"]


def medians(runs):
    return tuple(statistics.median(column) for column in zip(*runs))


def fill(bench, radicale, size):
    """The calendar as Radicale keeps it, made before it starts."""
    folder = os.path.join(radicale.folder, "collections", "collection-root", "demo", "own")
    os.makedirs(folder)
    subprocess.run([bench, "--write-calendar", folder, str(size)], check=True)
    with open(os.path.join(folder, ".Radicale.props"), "w", encoding="utf-8") as out:
        json.dump({"tag": "VCALENDAR", "D:displayname": "own"}, out)


def one_week(folder, arguments, size):
    radicale = Radicale("Radicale", os.path.join(folder, "radicale"))
    nginx = Nginx("nginx", os.path.join(folder, "nginx"))
    gateway = Gateway(arguments.calgate, os.path.join(folder, "calgate"))
    start = date.today() + timedelta(days=30)
    first, last = f"{start}T00:00:00Z", f"{start + timedelta(days=7)}T00:00:00Z"
    try:
        fill(arguments.bench, radicale, size)
        radicale.start()
        raw = CalDav(radicale.port)
        raw.request("PROPFIND", "/demo/", None, {"Depth": "1"}, timeout=900)  # It reads every new file once.
        gateway.init("Bench", "Europe/Berlin")
        gateway.configure({"limits": {"key_per_minute": 0}})
        gateway.start()
        gateway.expect("PUT", "/v1/staff/owner", {"id": "owner", "name": "Owner", "zone": "Europe/Berlin", "capacity": 1})
        gateway.expect("PUT", "/v1/services/cut", {"id": "cut", "name": "Cut", "duration_min": 30, "step_min": 15, "staff": ["owner"]})
        began = time.monotonic()
        gateway.connect(radicale.port, "owner", mirror=[], busy=["own"])
        week = f"/v1/availability?staff=owner&from={first}&to={last}"
        sources = lambda: gateway.expect("GET", week)["staff"][0]["sources"]
        wait_until(lambda: sources() and all(source["freshness"] == "live" for source in sources()), 900, "no first sync")
        synced = time.monotonic() - began
        month = f"/v1/slots?service=cut&from={first}&to={start + timedelta(days=30)}T00:00:00Z"
        nginx.hold(len(json.dumps(gateway.expect("GET", week), separators=(",", ":"))))
        nginx.start()
        key = [f"Authorization: Bearer {gateway.key}"]
        runs = {"week": [], "slots": [], "nginx": []}
        for _ in range(arguments.rounds):
            runs["nginx"].append(wrk(f"http://127.0.0.1:{nginx.port}/answer", 8, arguments.seconds))
            runs["week"].append(wrk(gateway.url + week, 8, arguments.seconds, key))
            runs["slots"].append(wrk(gateway.url + month, 8, arguments.seconds, key))
        asked = []
        stamp = lambda text: text.replace("-", "").replace(":", "")
        for _ in range(3):
            began = time.monotonic()
            status, _, _ = raw.request("REPORT", "/demo/own/", QUERY.format(stamp(first), stamp(last)), {"Depth": "1"}, timeout=300)
            if status != 207:
                raise RuntimeError(f"Radicale answered {status}.")
            asked.append(time.monotonic() - began)
        return {name: medians(rows) for name, rows in runs.items()} | {"radicale": statistics.median(asked), "synced": synced}
    finally:
        gateway.stop()
        nginx.kill()
        radicale.kill()


def cpu_seconds(process):
    with open(f"/proc/{process.pid}/stat", encoding="utf-8") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def filled(folder, arguments, people, events):
    """A gateway that read so many calendars of so many events before; not started."""
    gateway = Gateway(arguments.calgate, folder)
    gateway.init("Filled", "Europe/Berlin")
    gateway.configure({"limits": {"key_per_minute": 0}})
    subprocess.run([arguments.bench, "--fill", folder, str(people), str(events)], check=True)
    return gateway


def started(gateway, question):
    """Seconds from the start of the process to its first right answer."""
    began = time.monotonic()
    gateway.start()
    if gateway.expect("GET", question)["staff"][0]["sources"] == []:
        raise RuntimeError("The first answer rests on nothing.")
    return time.monotonic() - began


def large(folder, arguments):
    """A week of a calendar of 50,000 events beside one of 10,000; of a hundred people beside one; a month of slots of twenty."""
    start = date.today() + timedelta(days=30)
    window = f"from={start}T00:00:00Z&to={start + timedelta(days=7)}T00:00:00Z"
    month = f"from={start}T00:00:00Z&to={start + timedelta(days=30)}T00:00:00Z"
    sizes = {"10000": (1, 10000), "50000": (1, 50000), "people": (100, 1000)}
    gateways = {name: filled(os.path.join(folder, name), arguments, *size) for name, size in sizes.items()}
    bytes_each = {
        name: sum(os.path.getsize(os.path.join(gateway.folder, file)) for file in os.listdir(gateway.folder) if file.startswith("calgate.db"))
        / (sizes[name][0] * sizes[name][1])
        for name, gateway in gateways.items()
    }
    try:
        starts = {name: started(gateway, f"/v1/availability?staff=p0&{window}") for name, gateway in gateways.items()}
        some = gateways["people"]
        some.expect("PUT", "/v1/services/cut", {
            "id": "cut", "name": "Cut", "duration_min": 30, "step_min": 15, "buffer_before_min": 5, "buffer_after_min": 10,
            "horizon_days": 400, "staff": [f"p{n}" for n in range(20)]})
        everybody = ",".join(f"p{n}" for n in range(100))
        asked = {
            "10000": (gateways["10000"], f"/v1/availability?staff=p0&{window}"),
            "50000": (gateways["50000"], f"/v1/availability?staff=p0&{window}"),
            "one": (some, f"/v1/availability?staff=p0&{window}"),
            "hundred": (some, f"/v1/availability?staff={everybody}&{window}"),
            "slots": (some, f"/v1/slots?service=cut&{month}"),
        }
        runs = {name: [] for name in asked}
        for _ in range(arguments.rounds):
            for name, (gateway, path) in asked.items():
                before = cpu_seconds(gateway.process)
                rate, p50, p99 = wrk(gateway.url + path, 8, arguments.seconds, [f"Authorization: Bearer {gateway.key}"])
                runs[name].append((rate, p50, p99, (cpu_seconds(gateway.process) - before) / (rate * arguments.seconds)))
        return {name: medians(rows) for name, rows in runs.items()}, bytes_each, starts
    finally:
        for gateway in gateways.values():
            gateway.stop()


def bookings(folder, arguments):
    """64 clients, each booking acknowledged after its commit; beside bare SQLite that writes the same rows, of one and of 64 a commit."""
    gateway = Gateway(arguments.calgate, os.path.join(folder, "booked"))
    try:
        gateway.init("Booked", "UTC")
        gateway.configure({"limits": {"key_per_minute": 0}})
        gateway.start()
        for number in range(64):
            gateway.expect("PUT", f"/v1/staff/p{number}", {"id": f"p{number}", "name": "P", "zone": "UTC", "capacity": 1})
        ours, bare = [], []
        for turn in range(arguments.rounds):
            with open(os.path.join(folder, "turn.lua"), "w", encoding="utf-8") as out, open(
                os.path.join(HERE, "book.lua"), encoding="utf-8"
            ) as script:
                out.write(f"local turn = {turn}\n" + script.read())
            ours.append(wrk(gateway.url, 64, arguments.seconds, [f"Authorization: Bearer {gateway.key}"], out.name))
            shown = subprocess.run(
                [arguments.bench, "--commits", os.path.join(folder, "bare.db")], capture_output=True, text=True, check=True
            ).stdout
            bare.append(tuple(float(n) for n in shown.split()))
        return medians(ours), medians(bare)
    finally:
        gateway.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calgate", required=True)
    parser.add_argument("--bench", required=True, help="the calgate_bench program")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 10000])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    arguments = parser.parse_args()
    print(f"{'what (medians of interleaved rounds)':52} {'calgate':>12} {'peer':>12} {'ratio':>9}")

    def row(what, ours, peer, unit):
        print(f"{what:52} {ours:12,.0f} {peer:12,.2f} {ours / peer:9.2f}  {unit}", flush=True)

    def run(folder):
        for size in arguments.sizes:
            found = one_week(os.path.join(folder, str(size)), arguments, size)
            row(f"P1 week of {size} events; nginx, equal bytes", found["week"][0], found["nginx"][0], "requests/s")
            row(f"P1 the same; Radicale, one client", found["week"][0], 1 / found["radicale"], "requests/s")
            row(f"P1 p99; p50 of nginx", found["week"][2] * 1e6, found["nginx"][1] * 1e6, "us")
            row(f"P3 slots of 30 days; nginx", found["slots"][0], found["nginx"][0], "requests/s")
            print(json.dumps({"bench": "serving", "events": size, **found}), flush=True)
        found, bytes_each, starts = large(folder, arguments)
        row("P2 week of 50,000 events; of 10,000", found["50000"][0], found["10000"][0], "requests/s")
        row("P2 week of 100 people; of one", found["hundred"][3] * 1e6, found["one"][3] * 1e6, "us of CPU")
        row("P3 month of 20 people; the goal", found["slots"][3] * 1e6, 1000, "us of CPU")
        row("P4 database, an event of 10,000; the goal", bytes_each["10000"], 2048, "bytes")
        row("P11 start with 100,000 events; the goal for ten times as many", starts["people"] * 1e3, 2000, "ms")
        print(json.dumps({"bench": "large", **found, "bytes": bytes_each, "starts": starts}), flush=True)
        ours, bare = bookings(folder, arguments)
        row("P8 bookings of 64 clients; bare SQLite, 64 a commit", ours[0], bare[1], "bookings/s")
        row("P8 the same; bare SQLite, one a commit", ours[0], bare[0], "bookings/s")
        print(json.dumps({"bench": "bookings", "calgate": ours, "bare_one": bare[0], "bare_64": bare[1]}))
        return True

    return in_a_folder("bench", run)


if __name__ == "__main__":
    sys.exit(main())
