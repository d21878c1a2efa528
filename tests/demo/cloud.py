"""calgate-sim as Google and Microsoft Graph, and more where wanted: its process, its people, and a browser that signs in there."""

import http.client
import json
import os
import socket
import ssl
import subprocess
from datetime import datetime, timezone
from urllib.parse import quote, urljoin, urlsplit

from copies import Copy, Site
from planted import plant, plant_beginning

# How every token and code of the simulators begins.
TOKENS = ["ya29.sim-", "1//sim-", "4/sim-", "EwBwA8l6BAAU", "M.C546_BAY."]
# Where operators keep what they were given; read from there, and nowhere else.
SECRET_FILES = ["google.secret", "microsoft.secret", "app.secret", "password"]
MAILBOX = "622eaaff-0683-4862-9de4-f2ec83c2bd98"


class Simulator:
    """One calgate-sim with both services, and what `more` options of it name."""

    def __init__(self, program, folder, *more):
        self.more, self.program, self.folder, self.process = more, os.path.abspath(program), os.path.abspath(folder), None
        os.makedirs(self.folder, exist_ok=True)

    def start(self):
        with open(os.path.join(self.folder, "log.txt"), "ab") as log:
            self.process = subprocess.Popen(
                [self.program, "--folder", self.folder, "--google", "plain", "--graph", "plain", *self.more],
                stdout=subprocess.PIPE, stderr=log, text=True,
            )
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("calgate-sim ended at once; see its log.")
        greeting = json.loads(line)
        self.https, self.control, self.hosts = greeting["https"], greeting["control"], greeting["hosts"]
        self.ca_file, self.logins = greeting["ca_file"], greeting["logins"]
        for token in TOKENS:
            plant_beginning(token, "a token of the simulators")
        for site, login in self.logins.items():
            for kind in login.keys() & {"client_secret", "password"}:
                plant(login[kind], f"the {kind} of {site}", *SECRET_FILES)
        self.google, self.graph = GoogleSite(self), GraphSite(self)
        self.application_secret = os.path.join(self.folder, "app.secret")
        with open(os.open(self.application_secret, os.O_CREAT | os.O_WRONLY, 0o600), "w", encoding="utf-8") as out:
            out.write(self.logins["graph"]["client_secret"])

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()

    def call(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.control, timeout=30)
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None)
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        if answer.status != 200:
            raise RuntimeError(f"calgate-sim: {method} {path} answered {answer.status}: {text[:300]!r}")
        return json.loads(text)

    def configure(self, gateway):
        """Before `serve`: the applications, and the services under their real names."""
        secrets = {}
        for section, site in (("google", "google"), ("microsoft", "graph")):
            name = f"{section}.secret"
            with open(os.open(os.path.join(gateway.folder, name), os.O_CREAT | os.O_WRONLY, 0o600), "w", encoding="utf-8") as out:
                out.write(self.logins[site]["client_secret"])
            secrets[section] = {"client_id": self.logins[site]["client_id"], "client_secret_file": name}
        secrets["microsoft"]["tenant"] = "organizations"
        gateway.configure({
            **secrets,
            "network": {"ca_file": self.ca_file, "connect_to": [f"{host}:443:127.0.0.1:{self.https}" for host in self.hosts]},
        })

    def browse(self, url):
        """As a browser: from redirect to redirect until a page comes."""
        for _ in range(10):
            parts = urlsplit(url)
            if parts.scheme == "https":
                connection = _Secure(parts.hostname, self.https, self.ca_file)
            else:
                connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
            try:
                # The address is calgate's, and so judged as its request by tests/contracts.
                headers = {"User-Agent": "calgate/0 (sign-in page)"}
                connection.request("GET", parts.path + ("?" + parts.query if parts.query else ""), headers=headers)
                answer = connection.getresponse()
                text = answer.read()
            finally:
                connection.close()
            if answer.status not in (301, 302, 303, 307, 308):
                return answer.status, text
            url = urljoin(url, answer.getheader("Location"))
        raise RuntimeError("A sign-in goes from redirect to redirect without an end.")

    def sign_in(self, gateway, *arguments):
        """`calgate connect …`, a person who opens the address that it prints, and what it says then."""
        with gateway.begin("connect", *arguments) as command:
            shown = ""
            for line in command.stdout:
                shown += line
                if line.startswith("  https://"):
                    status, text = self.browse(line.strip())
                    if status != 200:
                        raise RuntimeError(f"The sign-in ended with {status}: {text[:300]!r}")
                    break
            shown += command.stdout.read()
            if command.wait(60) != 0:
                raise RuntimeError(f"calgate connect {' '.join(arguments)} ended with {command.returncode}: {shown}")
        return shown

    def connect_google(self, gateway, staff):
        """@return what the command printed."""
        return self.sign_in(gateway, "google", *use_of(staff))

    def connect_graph(self, gateway, staff, by_application):
        """As the person who signs in, or as an application that the organisation admits."""
        if not by_application:
            return self.sign_in(gateway, "microsoft", *use_of(staff))
        return gateway.command(
            "connect", "microsoft", "--mailbox", MAILBOX, "--tenant", "contoso.example",
            "--client-id", self.logins["graph"]["client_id"], "--client-secret-file", self.application_secret, *use_of(staff),
        ).output

    def secrets(self):
        return TOKENS + [login["client_secret"] for login in self.logins.values()]


class _Secure(http.client.HTTPSConnection):
    """A real name and its certificate, at the simulator's port."""

    def __init__(self, host, port, ca_file):
        super().__init__(host, context=ssl.create_default_context(cafile=ca_file), timeout=30)
        self.real_port, self.tls = port, self._context

    def connect(self):
        self.sock = self.tls.wrap_socket(socket.create_connection(("127.0.0.1", self.real_port), 30), server_hostname=self.host)


def use_of(staff):
    return ["--staff", staff, "--mirror", f"bookings-{staff}", "--show", "title"]


class SimulatedSite(Site):
    def __init__(self, simulator):
        super().__init__(self.name)
        self.simulator = simulator

    def make_calendar(self, staff):
        self.calendars[staff] = self.simulator.call("POST", f"/{self.site}/calendars", {"name": f"bookings-{staff}"})["calendar"]

    def faults(self, **faults):
        """What is not named ends."""
        self.simulator.call("POST", f"/{self.site}/faults", faults)

    def mails(self):
        return next(s["mails"] for s in self.simulator.call("GET", "/")["sites"] if s["name"] == self.site)

    def events(self, staff):
        answer = self.simulator.call("GET", f"/{self.site}/events?calendar={quote(self.calendars[staff], safe='')}")
        return {entry["event"]: json.loads(entry["content"]) for entry in answer["events"]}

    def copies(self):
        """Every event with calgate's mark, marker events left out."""
        found = []
        for staff in self.calendars:
            for event, content in self.events(staff).items():
                if self.is_marked(content) and content.get(self.title) != "calgate marker":
                    start, end = self.instant(content["start"]), self.instant(content["end"])
                    found.append(Copy(staff, event, start, end, content.get(self.title, "")))
        return found

    def change(self, copy, members):
        content = {**(self.events(copy.staff)[copy.event] if self.replaces else {}), **members}
        body = {"calendar": self.calendars[copy.staff], "event": copy.event, "content": json.dumps(content)}
        self.simulator.call("PUT", f"/{self.site}/events", body)

    def move(self, copy, by):
        self.change(copy, {"start": self.time(copy.start + by), "end": self.time(copy.end + by)})

    def retitle(self, copy, title):
        self.change(copy, {self.title: title})

    def delete(self, copy):
        self.simulator.call("DELETE", f"/{self.site}/events", {"calendar": self.calendars[copy.staff], "event": copy.event})


class GoogleSite(SimulatedSite):
    name, site, title, replaces = "Google", "google", "summary", True

    def is_marked(self, content):
        return "calgateMark" in content.get("extendedProperties", {}).get("private", {})

    def instant(self, time):
        return datetime.fromisoformat(time["dateTime"].replace("Z", "+00:00")).astimezone(timezone.utc)

    def time(self, moment):
        return {"dateTime": moment.strftime("%Y-%m-%dT%H:%M:%SZ"), "timeZone": "Europe/Berlin"}


class GraphSite(SimulatedSite):
    name, site, title, replaces = "Graph", "graph", "subject", False

    def is_marked(self, content):
        return any(p["id"].endswith(" calgateMark") for p in content.get("singleValueExtendedProperties", []))

    def instant(self, time):
        if time["timeZone"] != "UTC":
            raise RuntimeError(f"Graph gave a time of the zone {time['timeZone']}.")
        return datetime.fromisoformat(time["dateTime"][:19]).replace(tzinfo=timezone.utc)

    def time(self, moment):
        return {"dateTime": moment.strftime("%Y-%m-%dT%H:%M:%S"), "timeZone": "UTC"}
