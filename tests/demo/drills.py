"""Drills and the outage kit with real processes: nothing stays cut when the drill or the gateway is killed (I31), a report says what
would be lost, a kit opens with OpenSSL and tar alone and is replaced whole."""

import argparse
import base64
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import business
from caldav_client import CalDav
from demo import wait_until
from gateway import Gateway
from planted import plant
from scratch import in_a_folder
from servers import PASSWORD, Radicale

LEASE, BOOKINGS = 10, 12
KIT_PASSWORD = plant("correct horse battery staple 42", "the password of the kit", "kit.password")
plant(PASSWORD, "the password of the CalDAV server", "caldav.password")
DAV_PASSWORD = plant("CANARY-password-of-dav", "the password of the WebDAV server", "dav.password")


class WebDav(BaseHTTPRequestHandler):
    """PUT, MOVE, MKCOL and DELETE of a WebDAV server, in memory; notes what was ever readable under the final names."""

    files, seen, collections = {}, [], set()
    protocol_version = "HTTP/1.1"

    def reply(self, status):
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def body(self):
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def do_MKCOL(self):
        self.body()
        there = self.path in self.collections
        self.collections.add(self.path)
        self.reply(405 if there else 201)

    def do_PUT(self):
        content = self.body()
        if self.headers.get("Authorization") != "Basic " + base64.b64encode(f"kit:{DAV_PASSWORD}".encode()).decode():
            return self.reply(401)
        self.files[self.path] = content
        self.seen.append(self.path)
        self.reply(201)

    def do_MOVE(self):
        self.body()
        target = "/" + self.headers["Destination"].split("/", 3)[3]
        if self.path not in self.files or self.headers.get("Overwrite") != "T":
            return self.reply(404)
        self.files[target] = self.files.pop(self.path)
        self.reply(204)

    def log_message(self, *_):
        pass


def write_secret(path, text):
    with open(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
        out.write(text + "\n")


def book(gateway, name, number, day, hour):
    start = datetime.combine(day, datetime.min.time()) + timedelta(hours=hour)
    gateway.expect("PUT", f"/v1/appointments/{name}-{number}", {
        "staff": name, "start": start.isoformat(), "end": (start + timedelta(minutes=30)).isoformat(), "zone": "Europe/Berlin",
        "title": f"Cut {number}", "customer": "Çelik & <Söhne>", "notes": "first\nsecond",
    })


def report_of(gateway, drill):
    with open(os.path.join(gateway.folder, f"drill-{drill}.json"), encoding="utf-8") as file:
        return json.load(file)["report"]


def drill_provider(gateway, check, first_day):
    """Something is booked meanwhile, so the report has something to measure."""
    with gateway.begin("drill", "provider", "caldav", "--for", "6s") as drill:
        wait_until(lambda: gateway.status()["cut"], 10, "nothing was cut")
        book(gateway, "anna", 900, first_day, 19)
        shown = drill.stdout.read()
        check(drill.wait(60) == 0, "drill provider failed: " + shown)
    summary = report_of(gateway, "provider")["summary"]
    check(3 <= summary["rpo_s"] <= 30, f"the RPO was not measured: {summary}")
    check(summary["failed_answers"] == 0 and summary["most_waiting"] >= 1, f"the report is wrong: {summary}")
    check(not gateway.status()["cut"], "the cut stays after the drill")
    refused = gateway.command("drill", "provider", "gogle", "--for", "2s", check=False)
    check(refused.code == 1 and "name caldav, or an account's id" in refused.output, "the kinds are not named: " + refused.output)


def killed_in_a_cut(gateway, check):
    """kill -9 of the drill, then of the gateway: the cut ends by itself."""
    drill = gateway.begin("drill", "provider", "caldav", "--for", "10m")
    wait_until(lambda: gateway.status()["cut"], 10, "nothing was cut")
    drill.send_signal(signal.SIGKILL)
    drill.wait()
    drill.stdout.close()
    took = wait_until(lambda: not gateway.status()["cut"], LEASE + 5, "the cut outlives the killed drill")
    print(f"the drill killed: uncut after {took:.1f} s")
    drill = gateway.begin("drill", "provider", "caldav", "--for", "10m")
    wait_until(lambda: gateway.status()["cut"], 10, "nothing was cut")
    gateway.kill()
    drill.send_signal(signal.SIGKILL)
    drill.wait()
    drill.stdout.close()
    gateway.start()
    check(not gateway.status()["cut"], "the cut outlives the killed gateway")
    wait_until(lambda: gateway.waiting() == 0 and all(t["live"] for t in gateway.status()["targets"]), 60, "not all is live again")
    changes = [c["kind"] for c in gateway.expect("GET", "/v1/changes?limit=1000")["changes"]]
    check(gateway.verify().code == 0 and "appointment.cancelled" not in changes, "the killed drill left a trace in the bookings")


def rehearsals(gateway, check, copies):
    before = (gateway.appointments(), copies())
    for drill in ("revoked", "clock"):
        done = gateway.command("drill", drill, check=False)
        check(done.code == 0, f"drill {drill}: {done.output}")
        seal = gateway.command("drill", "check", os.path.join(gateway.folder, f"drill-{drill}.html"), check=False)
        check(seal.code == 0 and "seal fits" in seal.output, f"the seal of drill {drill}: {seal.output}")
    accounts = gateway.expect("GET", "/v1/accounts")["accounts"]
    check(all(a["state"] == "active" for a in accounts), "a drill revoked something real")
    check((gateway.appointments(), copies()) == before, "a drill changed an appointment or a copy")


def simulated_outage(gateway, check, copies):
    """Three hours pass on a simulated clock; the calendar and the bookings stay as they are."""
    before, began = (gateway.appointments(), copies()), time.monotonic()
    done = gateway.command("drill", "provider", "caldav", "--for", "3h", "--simulated", "--changes", "50", check=False)
    took = time.monotonic() - began
    check(done.code == 0 and "Cut off                   100 % of calls, 3 h 0 min" in done.output, "the simulated outage: " + done.output)
    summary = report_of(gateway, "outage")["summary"]
    check(summary["changes"] == 50 and summary["most_waiting"] >= 30 and summary["rto_s"] <= 61, f"the outage was not lived through: {summary}")
    check(2 * 3600 <= summary["rpo_s"] <= 3 * 3600 <= summary["oldest_answer_s"], f"the figures of the outage are wrong: {summary}")
    seal = gateway.command("drill", "check", os.path.join(gateway.folder, "drill-outage.html"), check=False)
    check(seal.code == 0 and "seal fits" in seal.output, "the seal of the simulated outage: " + seal.output)
    check((gateway.appointments(), copies()) == before, "a simulated outage changed an appointment or a copy")
    long = gateway.command("drill", "provider", "caldav", "--for", "8d", "--simulated", check=False)
    check(long.code == 2 and "1m to 7d" in long.output, "a simulated outage of eight days: " + long.output)
    print(f"3 h on a simulated clock took {took:.1f} s")


def kits(gateway, check, folder, web):
    plain, sealed = os.path.join(folder, "kit"), os.path.join(folder, "sealed")
    gateway.command("kit", plain)
    sheet = os.path.join(plain, "anna.html")
    with open(sheet, encoding="utf-8") as file:
        page = file.read()
    check("Cut 3" in page and "Çelik &amp; &lt;Söhne&gt;" in page and "http" not in page, "the day sheet is wrong")
    check(os.stat(sheet).st_mode & 0o777 == 0o600 and os.stat(plain).st_mode & 0o777 == 0o700, "others may read the kit")
    password = os.path.join(folder, "kit.password")
    write_secret(password, KIT_PASSWORD)
    gateway.command("kit", sealed, "--password-file", password)
    archive = subprocess.run(
        ["openssl", "cms", "-decrypt", "-binary", "-inform", "DER", "-in", os.path.join(sealed, "outage-kit.tar.cms"),
         "-pwri_password", KIT_PASSWORD], capture_output=True, check=True,
    ).stdout
    opened = os.path.join(folder, "opened")
    os.mkdir(opened)
    subprocess.run(["tar", "x", "-C", opened], input=archive, check=True)
    check(sorted(os.listdir(opened)) == sorted(os.listdir(plain)), "the sealed kit holds other files")
    write_secret(os.path.join(gateway.folder, "short.password"), "short")
    short = gateway.command("kit", sealed, "--password-file", "short.password", check=False)
    check(short.code == 1 and "too short" in short.output, "a short password is taken")

    write_secret(os.path.join(folder, "dav.password"), DAV_PASSWORD)
    address = f"http://127.0.0.1:{web.server_port}/kits/salon"
    arguments = ["kit", address, "--user", "kit", "--target-password-file"]
    for _ in range(2):  # Over an earlier one as well.
        gateway.command(*arguments, os.path.join(folder, "dav.password"))
    names = {"/kits/salon/" + name for name in os.listdir(plain)}
    check(set(WebDav.files) == names, f"the WebDAV folder holds {sorted(WebDav.files)}")
    check(not names & set(WebDav.seen), "a file was uploaded under its final name, where half of it can be read")
    wrong = gateway.command(*arguments, password, check=False)
    check(wrong.code == 1 and "user and the password" in wrong.output, "a refused kit is no clear sentence: " + wrong.output)
    away = gateway.command("kit", "http://example.com/kit", check=False)
    check(away.code == 1 and "https" in away.output, "a kit would go out in the open")


def kit_calendar(gateway, check, folder, raw, radicale):
    """In a calendar of its own the kit is events; what changed is written, and what is not of a kit stays."""
    place, password = f"{radicale.home}kit/", os.path.join(folder, "caldav.password")
    raw.make_calendar(place, "kit")
    private = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//\r\nBEGIN:VEVENT\r\nUID:mine\r\nDTSTAMP:20260101T000000Z\r\n" \
              "DTSTART:20260101T100000Z\r\nDTEND:20260101T110000Z\r\nSUMMARY:Mine\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    raw.put(place + "mine.ics", private, None)
    write_secret(password, PASSWORD)
    address = f"http://127.0.0.1:{radicale.port}{place}"
    arguments = ["kit", address, "--user", "demo", "--target-password-file", password, "--days", "5"]
    kit = lambda: {path: text for path, (_, text) in raw.events(place).items() if "@kit.calgate" in text}
    title = lambda text: re.search(r"SUMMARY:(.*)", text).group(1)
    first = gateway.command(*arguments, check=False)
    events = kit()
    titles = [title(text) for text in events.values()]
    check(first.code == 0 and len([t for t in titles if "Cut" in t or "Söhne" in t]) >= 6, f"the kit is not in the calendar: {first.output} {titles}")
    check(len([t for t in titles if "Free: " in t or "No free time" in t]) == 5, f"the free time is not in the calendar: {titles}")
    check(all("TRANSP:TRANSPARENT" in text for text in events.values()), "a kit blocks time")
    again = gateway.command(*arguments, check=False)
    check("0 of them new, changed or gone" in again.output and kit() == events, "a kit that did not change was written: " + again.output)
    later = gateway.command(*arguments[:-1], "2", check=False)
    check(later.code == 0 and len(kit()) < len(events), "what is no longer in the kit stays: " + later.output)
    check("mine.ics" in "".join(raw.events(place)), "a kit deleted an event of somebody else")
    sealed = gateway.command(*arguments, "--password-file", os.path.join(folder, "kit.password"), check=False)
    check(sealed.code == 1 and "cannot be sealed" in sealed.output, "a sealed kit in a calendar: " + sealed.output)
    connected = f"http://127.0.0.1:{radicale.port}{radicale.home}bookings-anna"
    refused = gateway.command("kit", connected, *arguments[2:], check=False)
    check(refused.code == 1 and "is connected" in refused.output, "a kit goes into a connected calendar: " + refused.output)


def by_themselves(gateway, check, folder):
    """A kit as configured, and a drill as scheduled, while the gateway serves."""
    gateway.stop()
    target = os.path.join(folder, "scheduled")
    gateway.configure({"kit": {"target": target}})
    gateway.start()
    wait_until(lambda: os.path.exists(os.path.join(target, "index.html")), 60, "no kit was written by itself")
    report = os.path.join(gateway.folder, "drill-host.json")
    os.remove(report)
    gateway.command("drill", "--schedule", "24h")
    wait_until(lambda: os.path.exists(report), 60, "no drill ran by itself")
    wait_until(lambda: "calgate_drill_age_seconds{drill=\"host\"}" in gateway.call("GET", "/metrics")[1], 20, "its age is no metric")
    check("calgate_kit_age_seconds" in gateway.call("GET", "/metrics")[1], "the kit's age is no metric")
    check("calgate_rpo_seconds 0" in gateway.call("GET", "/metrics")[1], "what no calendar holds is no metric")
    off = gateway.command("drill", "--schedule", "off")
    check("No drill runs" in off.output, off.output)


def run(calgate, folder):
    radicale = Radicale("Radicale", os.path.join(folder, "radicale"))
    gateway = Gateway(calgate, os.path.join(folder, "calgate"))
    web = ThreadingHTTPServer(("127.0.0.1", 0), WebDav)
    threading.Thread(target=web.serve_forever, daemon=True).start()
    first_day, wrong = business.today() + timedelta(days=1), []
    check = lambda good, sentence: good or wrong.append(sentence)
    try:
        radicale.start()
        raw = CalDav(radicale.port)
        calendar = f"{radicale.home}bookings-anna/"
        raw.make_calendar(calendar, "bookings-anna")
        gateway.init("Drills", "Europe/Berlin")
        gateway.configure({"sync": {"probe_every_s": 5}})
        gateway.start()
        gateway.expect("PUT", "/v1/staff/anna", {"name": "Anna <Berg>", "zone": "Europe/Berlin", "capacity": 1})
        for number in range(BOOKINGS):
            book(gateway, "anna", number, first_day + timedelta(days=number // 6), 8 + number % 6)
        gateway.connect(radicale.port, "anna", mirror=["bookings-anna"], busy=["bookings-anna"])
        wait_until(lambda: gateway.waiting() == 0, 60, "the copies were not written")
        copies = lambda: {path: text for path, (_, text) in raw.events(calendar).items()}
        host = gateway.command("drill", "host", check=False)
        check(host.code == 0 and f"{BOOKINGS} same" in host.output, "drill host: " + host.output)
        rehearsals(gateway, check, copies)
        simulated_outage(gateway, check, copies)
        drill_provider(gateway, check, first_day)
        killed_in_a_cut(gateway, check)
        kits(gateway, check, folder, web)
        kit_calendar(gateway, check, folder, raw, radicale)
        by_themselves(gateway, check, folder)
        print(f"{len(wrong)} things wrong")
        for sentence in wrong:
            print("WRONG: " + sentence, file=sys.stderr)
        return not wrong
    finally:
        gateway.stop()
        radicale.kill()
        web.shutdown()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calgate", required=True)
    arguments = parser.parse_args()
    return in_a_folder("drills", lambda folder: run(arguments.calgate, folder))


if __name__ == "__main__":
    sys.exit(main())
