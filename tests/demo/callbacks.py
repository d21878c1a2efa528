"""Callbacks to a real receiver over HTTPS that hangs, fails and comes back, while the gateway is killed: every change arrives, in order for
each appointment, signed; an address inside is not connected to unless that is allowed (issue 8)."""

import argparse
import base64
import hashlib
import hmac
import http.server
import json
import os
import ssl
import subprocess
import sys
import threading
import time

from demo import wait_until
from gateway import Gateway
from planted import plant
from scratch import in_a_folder

APPOINTMENTS = 12


def certificate(folder):
    files = [os.path.join(folder, name) for name in ("shop.key", "shop.pem")]
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
         "/CN=shop.example", "-addext", "subjectAltName=DNS:shop.example", "-keyout", files[0], "-out", files[1]],
        check=True, capture_output=True,
    )
    return files


class Receiver(http.server.ThreadingHTTPServer):
    """Checks every signature, keeps what it took, and answers as `mood` says: well, refuse, hang."""

    daemon_threads = True

    def __init__(self, key, certificate):
        self.mood, self.secrets, self.lock = "well", [], threading.Lock()
        self.took, self.asked, self.forged, self.signatures, self.hanging = [], 0, 0, 0, threading.Event()
        super().__init__(("127.0.0.1", 0), Hook)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request, client_address):
        """A client that breaks off, or does not trust us, is part of this."""


class Hook(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        server, body = self.server, self.rfile.read(int(self.headers["Content-Length"]))
        signed = f"{self.headers['webhook-id']}.{self.headers['webhook-timestamp']}.".encode() + body
        given = self.headers["webhook-signature"].split(" ")
        wanted = [
            "v1," + base64.b64encode(hmac.new(base64.b64decode(secret[6:]), signed, hashlib.sha256).digest()).decode()
            for secret in server.secrets
        ]
        with server.lock:
            server.asked += 1
            server.signatures = len(given)
            server.forged += given != wanted or abs(time.time() - int(self.headers["webhook-timestamp"])) > 300
            mood = server.mood
            if mood == "well":
                server.took.append((self.headers["webhook-id"], json.loads(body)))
        if mood == "hang":
            server.hanging.set()
            time.sleep(60)
            return
        self.send_response(204 if mood == "well" else 500)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments):
        pass


def check(what, good):
    print(("ok   " if good else "BAD  ") + what)
    return good


def book(gateway, name, hour, title):
    start = time.monotonic()
    status, _ = gateway.call("PUT", f"/v1/appointments/{name}", {
        "staff": "anna", "start": f"2031-03-0{1 + hour // 24}T{hour % 24:02}:00:00", "end": f"2031-03-0{1 + hour // 24}T{hour % 24:02}:30:00",
        "zone": "UTC", "title": title, "customer": "Mia Berg"})
    assert status in (200, 201), status
    return time.monotonic() - start


def told(receiver):
    """The revisions of each appointment as they were first told."""
    seen = {}
    with receiver.lock:
        for _, message in receiver.took:
            revisions = seen.setdefault(message["data"]["appointment"], [])
            if message["data"]["revision"] not in revisions:
                revisions.append(message["data"]["revision"])
    return seen


def work(program, folder):
    gateway = Gateway(program, os.path.join(folder, "data"))
    gateway.init("Salon Aurora", "Europe/Berlin")
    key, shown = certificate(gateway.folder)
    receiver = Receiver(key, shown)
    gateway.configure({
        "callbacks": {"url": "https://shop.example/hook"},
        "network": {"ca_file": "shop.pem", "connect_to": [f"shop.example:443:127.0.0.1:{receiver.server_port}"]},
    })
    receiver.secrets = [plant(gateway.command("callbacks", "rotate").output.strip(), "a secret that callbacks are signed with")]
    gateway.start()
    good, state = True, lambda: gateway.call("GET", "/v1/callbacks")[1]
    try:
        gateway.call("PUT", "/v1/staff/anna", {"zone": "Europe/Berlin"})
        book(gateway, "first", 100, "1")
        wait_until(lambda: state()["trouble"] != "", 30, "No attempt was made.")
        good &= check(f"an address inside is not connected to: {state()['trouble']}", receiver.asked == 0)
        gateway.kill()

        gateway.configure({"callbacks": {"allow_internal": True}})
        gateway.start()
        wait_until(lambda: told(receiver) == {"first": [1]}, 30, "The first booking is not told.")
        good &= check("where that is allowed, it is told", True)

        receiver.mood = "hang"
        longest = max(book(gateway, f"a{i}", i, "1") for i in range(APPOINTMENTS))
        good &= check("the receiver hangs", receiver.hanging.wait(30))
        longest = max(longest, *(book(gateway, f"a{i}", i, "2") for i in range(APPOINTMENTS)))
        good &= check(f"and holds no booking up: {longest * 1000:.0f} ms at most", longest < 5)
        gateway.kill()
        receiver.mood = "refuse"
        gateway.start()
        before = receiver.asked
        wait_until(lambda: receiver.asked > before, 30, "The receiver is not asked.")
        book(gateway, "a0", 0, "3")
        receiver.mood = "well"
        wait_until(lambda: len(told(receiver)) > 3, 60, "Nothing is told once the receiver is back.")
        gateway.kill()
        for i in range(2):
            gateway.start()
            book(gateway, f"a{i}", i, f"after kill {i}")
            gateway.kill()
        gateway.start()
        expected = {"first": [1], **{f"a{i}": [1, 2] for i in range(APPOINTMENTS)}}
        expected["a0"], expected["a1"] = [1, 2, 3, 4], [1, 2, 3]
        wait_until(lambda: told(receiver).keys() == expected.keys() and told(receiver)["a0"][-1] == 4 and state()["behind"] == state()["waiting"] == 0,
                   60, "Not every change is told.")
        good &= check("through hanging, refusing and four kills every change is told, in order for each appointment", told(receiver) == expected)
        good &= check("every signature is right, and timely", receiver.forged == 0)
        text = json.dumps(receiver.took)
        good &= check("no name is in them", "Mia" not in text and "Berg" not in text)
        good &= check("nothing waits", state()["behind"] == state()["waiting"] == state()["parked"] == 0 and state()["trouble"] == "")

        receiver.secrets.insert(0, plant(gateway.command("callbacks", "rotate", "--overlap", "1h").output.strip(), "a new secret of callbacks"))
        book(gateway, "first", 100, "2")
        wait_until(lambda: told(receiver)["first"] == [1, 2], 30, "The change after the new secret is not told.")
        good &= check("while a secret is replaced both sign", receiver.signatures == 2 and receiver.forged == 0)

        ids, count = {one for one, _ in receiver.took}, len(receiver.took)
        gateway.command("callbacks", "replay", "--after", "0")
        wait_until(lambda: len(receiver.took) >= count + len(ids) and state()["behind"] == 0, 60, "The replay does not come.")
        good &= check("a replay tells all again under the same ids", {one for one, _ in receiver.took[count:]} == ids)
    finally:
        gateway.kill()
    return good


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--calgate", required=True)
    options = parser.parse_args()
    return in_a_folder("callbacks", lambda folder: work(options.calgate, folder))


if __name__ == "__main__":
    sys.exit(main())
