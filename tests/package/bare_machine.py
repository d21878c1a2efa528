"""
A bare Debian in a folder, and the life of a package there. systemd does not run in a chroot: the service is started here as its
unit says, with its user, environment, limits on system calls and the socket that it reports to; the sandbox of mounts is not.
"""

import ctypes
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time

import seccomp

SUITE, MIRROR = "bookworm", "http://deb.debian.org/debian"
PR_SET_NO_NEW_PRIVS = 38
UNIT = "usr/lib/systemd/system/calgate.service"
# dpkg and apt keep books; what they write of a package stays.
BOOKS = ("var/lib/dpkg/", "var/lib/apt/", "var/cache/", "var/log/", "tmp/", "etc/ld.so.cache", "proc/")


def run(root, *command, user=None, check=True):
    as_user = ["runuser", "-u", user, "--"] if user else []
    done = subprocess.run(
        ["chroot", root, *as_user, *command], capture_output=True, text=True, check=False,
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"},
    )
    if check and done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}: {done.stdout}{done.stderr}")
    return done


def make_bare(root):
    if not os.path.isdir(root):
        subprocess.run(["debootstrap", "--variant=minbase", SUITE, root, MIRROR], check=True, stdout=subprocess.DEVNULL)


def files_of(root):
    found = set()
    for folder, _, names in os.walk(root):
        inside = os.path.relpath(folder, root)
        found.update(os.path.normpath(os.path.join(inside, name)) for name in names)
        found.add(os.path.normpath(inside) + "/")
    return {name for name in found if not name.startswith(BOOKS)}


def install(root, package):
    shutil.copy(package, os.path.join(root, "tmp/calgate.deb"))
    return run(root, "apt-get", "install", "-q", "-y", "--no-install-recommends", "/tmp/calgate.deb")


def unit_values(root):
    """Key to all that the unit says of it, in order."""
    found = {}
    with open(os.path.join(root, UNIT), encoding="utf-8") as file:
        for key, value in re.findall(r"^([A-Za-z]+)=(.*)$", file.read(), re.M):
            found.setdefault(key, []).append(value)
    return found


def calls_of(group, seen=None):
    """The system calls in one of systemd's groups."""
    seen = set() if seen is None else seen
    text = subprocess.run(["systemd-analyze", "syscall-filter", "--no-pager", group], capture_output=True, text=True, check=True).stdout
    for word in re.findall(r"^    (@?[a-z0-9_-]+)$", text, re.M):
        if not word.startswith("@"):
            seen.add(word)
        elif word not in seen:
            seen.add(word)
            calls_of(word, seen)
    return seen


def allowed_calls(unit):
    allowed = {call for call in calls_of("@default") if not call.startswith("@")}
    for line in unit["SystemCallFilter"]:
        for group in line.lstrip("~").split():
            calls = {call for call in calls_of(group) if not call.startswith("@")}
            allowed = allowed - calls if line.startswith("~") else allowed | calls
    return allowed


class Service:
    """ExecStart of the unit, as its user, with what it may call."""

    def __init__(self, root):
        unit = unit_values(root)
        user = next(line.split(":") for line in open(os.path.join(root, "etc/passwd"), encoding="utf-8") if line.startswith(unit["User"][0] + ":"))
        self.root, self.allowed = root, allowed_calls(unit)
        self.uid, self.gid = int(user[2]), int(user[3])
        place = os.path.join(root, "run/calgate-notify")
        if os.path.exists(place):
            os.remove(place)
        self.reports = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.reports.bind(place)
        os.chmod(place, 0o777)
        self.reports.settimeout(30)
        environment = dict(line.split("=", 1) for line in unit["Environment"])
        self.log = open(os.path.join(root, "tmp/calgate.log"), "ab")
        self.process = subprocess.Popen(
            unit["ExecStart"][0].split(), preexec_fn=self.confine, stdout=self.log, stderr=self.log, cwd="/",
            env={**environment, "NOTIFY_SOCKET": "/run/calgate-notify"},
        )

    def confine(self):
        os.chroot(self.root)
        os.chdir("/")
        os.setgroups([])
        os.setresgid(self.gid, self.gid, self.gid)
        os.setresuid(self.uid, self.uid, self.uid)
        ctypes.CDLL(None).prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        rules = seccomp.SyscallFilter(defaction=seccomp.ERRNO(1))
        for call in self.allowed:
            try:
                rules.add_rule(seccomp.ALLOW, call)
            except (RuntimeError, ValueError, OSError):
                pass  # A call of another architecture.
        rules.load()

    def next_report(self):
        try:
            return self.reports.recv(64).decode()
        except TimeoutError:
            return "nothing"

    def stop(self):
        """@return exit code and seconds."""
        begin = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(60)
        self.log.close()
        return code, time.monotonic() - begin


def call(key, method, path, body=None):
    connection = http.client.HTTPConnection("127.0.0.1", 8480, timeout=20)
    connection.request(method, path, json.dumps(body) if body else None,
                       {"Authorization": f"Bearer {key}", "Content-Type": "application/json"})
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read() or b"null")


def check_first_start(root, check):
    mode = os.stat(os.path.join(root, "var/lib/calgate"))
    owner = run(root, "stat", "-c", "%U:%G %a", "/var/lib/calgate").stdout.strip()
    good = check(f"the data folder belongs to the service alone: {owner}", owner == "calgate:calgate 700" and mode.st_uid != 0)
    good &= check("the service is enabled", os.path.islink(os.path.join(root, "etc/systemd/system/multi-user.target.wants/calgate.service"))
                  or run(root, "which", "systemctl", check=False).returncode != 0)
    shown = run(root, "calgate", "init", "--name", "Salon Aurora", "--zone", "Europe/Berlin", user="calgate").stdout
    key = re.search(r"cg_[A-Za-z0-9_-]+", shown).group(0)
    refused = run(root, "calgate", "keys", "rotate", check=False)
    good &= check("root is told to work as the service's user: " + refused.stderr.strip(), "sudo -u calgate" in refused.stderr)
    return good, key


BOOKING = {"staff": "anna", "start": "2030-01-12T09:00:00", "end": "2030-01-12T09:30:00", "zone": "Europe/Berlin", "title": "Haircut"}


def check_serving(root, key, check):
    service = Service(root)
    good = check("the service reports that it is ready", service.next_report() == "READY=1")
    with open(f"/proc/{service.process.pid}/status", encoding="utf-8") as file:
        status = file.read()
    good &= check("it runs as the unit's user, filtered", f"Uid:\t{service.uid}\t{service.uid}" in status and "Seccomp:\t2" in status)
    return good, service


def check_life(package, previous, root, check):
    make_bare(root)
    run(root, "apt-get", "update", "-q")
    run(root, "apt-get", "purge", "-q", "-y", "calgate", check=False)
    for left in ("var/lib/calgate", "etc/calgate"):  # By a run that broke off, or by a package that does not purge.
        shutil.rmtree(os.path.join(root, left), ignore_errors=True)
    before = files_of(root)
    install(root, previous or package)
    good, key = check_first_start(root, check)

    serving, service = check_serving(root, key, check)
    good &= serving
    good &= check("people can be made", call(key, "PUT", "/v1/staff/anna", {"name": "Anna", "zone": "Europe/Berlin"})[0] in (200, 201))
    good &= check("bookings are taken", call(key, "PUT", "/v1/appointments/one", BOOKING)[0] == 201)
    service.process.send_signal(signal.SIGHUP)
    good &= check("it reloads", [service.next_report(), service.next_report()] == ["RELOADING=1", "READY=1"])
    kept = call(key, "GET", "/v1/appointments/one")
    code, took = service.stop()
    good &= check(f"it ends on SIGTERM with {code} after {took:.1f} s, and says so", code == 0 and service.next_report() == "STOPPING=1")

    if previous:
        said = install(root, package)
        good &= check("the package is upgraded", "1 upgraded" in said.stdout)
        serving, service = check_serving(root, key, check)
        good &= serving
        good &= check("the booking is as it was", kept[0] == 200 and call(key, "GET", "/v1/appointments/one") == kept)
        service.stop()

    run(root, "apt-get", "remove", "-q", "-y", "calgate")
    good &= check("removing keeps the data", os.path.exists(os.path.join(root, "var/lib/calgate/calgate.db")))
    run(root, "apt-get", "purge", "-q", "-y", "calgate")
    good &= check("purging takes data and user away", not os.path.exists(os.path.join(root, "var/lib/calgate"))
                  and run(root, "getent", "passwd", "calgate", check=False).returncode != 0)
    run(root, "apt-get", "autoremove", "-q", "-y", "--purge")
    left = {name for name in files_of(root) - before if "calgate" in name}
    os.remove(os.path.join(root, "run/calgate-notify"))
    return good & check(f"nothing named calgate is left: {sorted(left)}", left <= {"run/calgate-notify"})
