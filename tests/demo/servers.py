"""Real CalDAV servers that other people wrote, from Debian's packages, on free loopback ports."""

import os
import random
import signal
import socket
import subprocess
import time

from planted import plant

PASSWORD = plant("CANARY-password-of-demo", "the password of the CalDAV server", "users")


PORTS = range(12000, 32000)  # Below those that the kernel hands out for outgoing connections and for port 0.
reserved = []


def free_port():
    """
    A port that no other test gets before this process ends, also while nothing listens on it: the reservation is an abstract
    socket (unix(7)), which the kernel drops with the process.
    """
    for port in random.SystemRandom().sample(PORTS, 1000):
        reservation = socket.socket(socket.AF_UNIX)
        try:
            reservation.bind(f"\0calgate-test-port-{port}")
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", port))
        except OSError:
            reservation.close()
            continue
        reserved.append(reservation)
        return port
    raise RuntimeError("No free port on 127.0.0.1 among a thousand.")


def wait_for_port(port, process, seconds=30):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"The server on port {port} ended at once with {process.returncode}; see its log.")
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"Nothing listens on port {port} after {seconds} s.")


class Server:
    """A child process with a port; can be killed and started again on the same data."""

    def __init__(self, name, folder):
        self.name, self.folder, self.port = name, folder, free_port()
        self.process = None
        os.makedirs(folder, exist_ok=True)

    def command(self):
        raise NotImplementedError

    def start(self):
        with open(os.path.join(self.folder, "log.txt"), "ab") as log:
            self.process = subprocess.Popen(self.command(), stdout=log, stderr=log, start_new_session=True)
        wait_for_port(self.port, self.process)

    def kill(self):
        if self.process and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.process = None


class Radicale(Server):
    home = "/demo/"

    def command(self):
        users = os.path.join(self.folder, "users")
        config = os.path.join(self.folder, "config")
        with open(users, "w", encoding="utf-8") as out:
            out.write(f"demo:{PASSWORD}\n")
        with open(config, "w", encoding="utf-8") as out:
            out.write(
                f"[server]\nhosts = 127.0.0.1:{self.port}\nmax_connections = 50\n"
                f"[auth]\ntype = htpasswd\nhtpasswd_filename = {users}\nhtpasswd_encryption = plain\ndelay = 0\n"
                f"[storage]\nfilesystem_folder = {self.folder}/collections\n[logging]\nlevel = warning\n"
            )
        return ["/usr/bin/python3", "/usr/bin/radicale", "--config", config]


class Xandikos(Server):
    home = "/user/calendars/"

    def command(self):
        data = os.path.join(self.folder, "data")
        os.makedirs(data, exist_ok=True)
        return [
            "/usr/bin/python3", "/usr/bin/xandikos", "--directory", data, "--listen-address", "127.0.0.1",
            "--port", str(self.port), "--current-user-principal", "/user/", "--autocreate", "--defaults",
        ]
