"""
The API on its own certificate: keys that end, a certificate that is replaced, a command line that needs neither (issue 8);
and a second business that the same process serves.
"""

import argparse
import http.client
import json
import os
import signal
import ssl
import subprocess
import sys
import time

from gateway import Gateway
from planted import plant
from scratch import in_a_folder


def certificate(folder, name):
    """A self-signed certificate of that name, by the openssl program, in the files that calgate.toml names."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}", "-keyout", os.path.join(folder, "next.key"),
         "-out", os.path.join(folder, "next.pem")],
        check=True, capture_output=True,
    )
    os.chmod(os.path.join(folder, "next.key"), 0o600)
    with open(os.path.join(folder, "next.pem"), encoding="ascii") as file:
        trusted = file.read()
    for ending in ("key", "pem"):
        os.replace(os.path.join(folder, f"next.{ending}"), os.path.join(folder, f"api.{ending}"))
    return trusted


class Client:
    """One TLS connection that trusts this certificate alone."""

    def __init__(self, port, name, trusted):
        context = ssl.create_default_context(cadata=trusted)
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        self.connection.connect()
        self.connection.sock = context.wrap_socket(self.connection.sock, server_hostname=name)

    def get(self, path, key):
        return self.ask("GET", path, key)

    def revoke(self, key_id, key):
        return self.ask("DELETE", f"/v1/keys/{key_id}", key)

    def ask(self, method, path, key):
        self.connection.request(method, path, headers={"Authorization": f"Bearer {key}"})
        answer = self.connection.getresponse()
        answer.read()
        return answer.status


def wait_for(port, name, trusted, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            return Client(port, name, trusted)
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"No connection that shows {name} within {seconds} s.")


def check(what, good):
    print(("ok   " if good else "BAD  ") + what)
    return good


def work(program, folder):
    gateway = Gateway(program, os.path.join(folder, "data"))
    gateway.init("Salon Aurora", "Europe/Berlin")
    first = certificate(gateway.folder, "salon.example")
    gateway.configure({"gateway": {"certificate_file": "api.pem", "certificate_key_file": "api.key"}})
    second = Gateway(program, os.path.join(folder, "second"))
    second.init("Salon Zwei", "Europe/Berlin")
    with open(os.path.join(gateway.folder, "log.txt"), "ab") as log:
        gateway.process = subprocess.Popen(
            [gateway.program, "--dir", gateway.folder, "serve", "--also", second.folder], stdout=log, stderr=log)
    try:
        good = True
        client = wait_for(gateway.port, "salon.example", first, 30)
        key = plant(gateway.command("keys", "create", "website", "--scope", "read", "--expires", "1h").output.strip(), "a key of the API")
        good &= check("a key that the command line made opens what it is for", client.get("/v1/staff", key) == 200)
        good &= check("and nothing else", client.get("/v1/keys", key) == 403)
        listed = json.loads(gateway.command("keys", "list", "--json").output)["keys"]
        mine = next(one for one in listed if one["label"] == "website")

        theirs = plant(second.command("keys", "create", "website", "--scope", "admin").output.strip(), "a key of the second business")
        good &= check("a key of the second business opens its own", client.get("/v1/staff", theirs) == 200)
        labels = [one["label"] for one in json.loads(second.command("keys", "list", "--json").output)["keys"]]
        good &= check("and neither business has the other's", "website" in labels and len(labels) == 2 and client.revoke(mine["id"], theirs) == 404)
        good &= check("a folder that is served is not opened once more", second.command("serve", check=False).code == 1)

        new = certificate(gateway.folder, "new.example")
        gateway.process.send_signal(signal.SIGHUP)
        wait_for(gateway.port, "new.example", new, 10)
        good &= check("after SIGHUP the new certificate is shown", True)
        good &= check("a connection from before goes on", client.get("/v1/staff", key) == 200)
        third = certificate(gateway.folder, "third.example")
        wait_for(gateway.port, "third.example", third, 10)
        good &= check("a file that changed is noticed without SIGHUP", True)

        begin = time.monotonic()
        gateway.command("keys", "revoke", mine["id"])
        status, took = client.get("/v1/staff", key), time.monotonic() - begin
        good &= check(f"the first request after a key was revoked is refused ({took:.2f} s from the command's start)", status == 401)
        good &= check("the gateway still runs", gateway.process.poll() is None)
        return good
    finally:
        gateway.stop()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--calgate", required=True)
    options = parser.parse_args()
    return in_a_folder("trust", lambda folder: work(options.calgate, folder))


if __name__ == "__main__":
    sys.exit(main())
