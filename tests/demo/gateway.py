"""Drives the calgate program the way an operator and a booking system do: its command line and its HTTP API."""

import http.client
import json
import os
import re
import signal
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urlsplit

from planted import plant
from servers import PASSWORD, free_port


@dataclass
class Output:
    code: int
    output: str


class Gateway:
    def __init__(self, program, folder):
        self.program, self.folder, self.port = os.path.abspath(program), os.path.abspath(folder), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.password = PASSWORD  # Of the account that is connected, where a command is given no other.
        self.key, self.process, self.local = None, None, threading.local()

    def command(self, *arguments, check=True, password=None):
        done = subprocess.run(
            [self.program, "--dir", self.folder, *arguments], capture_output=True, text=True, timeout=300,
            env={**os.environ, "CALGATE_PASSWORD": password or self.password},
        )
        if check and done.returncode != 0:
            raise RuntimeError(f"calgate {' '.join(arguments)} ended with {done.returncode}: {done.stdout}{done.stderr}")
        return Output(done.returncode, done.stdout + done.stderr)

    def init(self, name, zone):
        shown = self.command("init", "--name", name, "--zone", zone, "--listen", f"127.0.0.1:{self.port}").output
        self.key = plant(re.search(r"cg_[A-Za-z0-9_-]+", shown).group(0), "a key of the API", "demo-key")
        with open(os.open(os.path.join(self.folder, "demo-key"), os.O_CREAT | os.O_WRONLY, 0o600), "w", encoding="utf-8") as out:
            out.write(self.key + "\n")

    def configure(self, sections):
        """Writes these values over what `init` put into calgate.toml."""
        path, section, lines = os.path.join(self.folder, "calgate.toml"), "", []
        with open(path, encoding="utf-8") as file:
            for line in file:
                section = line.strip()[1:-1] if line.startswith("[") else section
                key = line.split(" = ")[0]
                if key in sections.get(section, {}):
                    line = f"{key} = {json.dumps(sections[section][key])}\n"
                lines.append(line)
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(lines)

    def begin(self, *arguments):
        """A command that waits for somebody; its output is to be read as it comes."""
        return subprocess.Popen(
            [self.program, "--dir", self.folder, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def start(self):
        with open(os.path.join(self.folder, "log.txt"), "ab") as log:
            self.process = subprocess.Popen([self.program, "--dir", self.folder, "serve"], stdout=log, stderr=log)
        end = time.monotonic() + 30
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise RuntimeError(f"calgate serve ended at once with {self.process.returncode}; see its log.")
            try:
                if self.call("GET", "/ready")[0] == 200:
                    return
            except OSError:
                pass
            time.sleep(0.05)
        raise RuntimeError("calgate serve was not ready after 30 s.")

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()

    def call(self, method, path, body=None, headers=None):
        """
        One request on this thread's kept connection; OSError when the gateway is not there. A connection that lay idle may
        have been closed meanwhile: what only reads is asked again on a new one (RFC 9112 9.3.1).
        """
        connection = kept = getattr(self.local, "connection", None)
        if connection is None:
            connection = self.local.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        send = {"Authorization": f"Bearer {self.key}", **(headers or {})}
        if body is not None:
            send["Content-Type"] = "application/json"
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None, send)
            answer = connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            self.local.connection = None
            if kept and method == "GET" and isinstance(error, http.client.RemoteDisconnected):
                return self.call(method, path, body, headers)
            raise OSError(str(error)) from error
        if "json" in (answer.getheader("Content-Type") or ""):
            return answer.status, json.loads(text)
        return answer.status, text.decode()

    def renew(self):
        """Before a write after a long wait: a kept connection may have been closed meanwhile."""
        self.call("GET", "/live")

    def expect(self, method, path, body=None):
        status, answer = self.call(method, path, body)
        if status not in (200, 201, 202, 204):
            raise RuntimeError(f"{method} {path} answered {status}: {answer}")
        return answer

    def connect(self, port, staff, mirror, busy):
        arguments = ["connect", "caldav", "--url", f"http://127.0.0.1:{port}/", "--user", "demo", "--staff", staff]
        for name in mirror:
            arguments += ["--mirror", name]
        for name in busy:
            arguments += ["--busy", name]
        self.command(*arguments, "--show", "title")

    def get(self, appointment):
        return self.expect("GET", "/v1/appointments/" + appointment)

    def appointments(self):
        found, after = [], ""
        while True:
            page = self.expect("GET", f"/v1/appointments?limit=200&after={after}")
            found += page["appointments"]
            after = page.get("next")
            if not after:
                return found

    def put_all(self, bookings):
        def put(booking):
            status, answer = self.call("PUT", "/v1/appointments/" + booking["id"], booking, {"Idempotency-Key": booking["id"]})
            if status != 201:
                raise RuntimeError(f"booking {booking['id']} answered {status}: {answer}")

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(put, bookings))

    def status(self):
        return self.expect("GET", "/v1/status")

    def waiting(self):
        return sum(target["waiting"] for target in self.status()["targets"])

    def calendar_names(self):
        return {calendar["id"]: calendar["name"] for calendar in self.expect("GET", "/v1/calendars")["calendars"]}

    def source_ports(self):
        """Calendar to the port of the server that holds it."""
        accounts = {a["id"]: urlsplit(a["url"]).port for a in self.expect("GET", "/v1/accounts")["accounts"]}
        return {c["id"]: accounts[c["account"]] for c in self.expect("GET", "/v1/calendars")["calendars"]}

    def sync(self):
        for calendar in self.expect("GET", "/v1/calendars")["calendars"]:
            self.expect("POST", f"/v1/calendars/{calendar['id']}/sync")

    def verify(self):
        return self.command("verify", check=False)
