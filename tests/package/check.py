"""
Judges a Debian package of calgate: how its program was hardened, how exposed its service is, what is in it, and what a bare
Debian is like after installing, upgrading, removing and purging it. Needs root (it works in a chroot) and the network.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile

import bare_machine
import hardening

MOST_EXPOSED = 1.5


def check(what, good):
    print(("ok   " if good else "BAD  ") + what, flush=True)
    return good


def check_hardening(program):
    return all([check("the program is hardened: " + name, holds) for name, holds in hardening.properties(program).items()])


def check_unit(unit):
    said = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", unit], capture_output=True, text=True, check=False
    ).stdout
    level = re.search(r"Overall exposure level for \S+: ([0-9.]+)", said)
    return check(
        f"the service's exposure is {level.group(1) if level else 'unknown'}, at most {MOST_EXPOSED}",
        level is not None and float(level.group(1)) <= MOST_EXPOSED,
    )


def check_completion(program, script):
    """What bash offers after a few beginnings."""
    offered = {}
    for words in (["co"], ["keys", "r"], ["connect", "caldav", "--u"], ["import", "--dr"]):
        line = " ".join(f'"{word}"' for word in [program, *words])
        offered[" ".join(words)] = subprocess.run(
            ["bash", "-c", f'source "{script}"; COMP_WORDS=({line}); COMP_CWORD={len(words)}; _calgate; echo "${{COMPREPLY[@]}}"'],
            capture_output=True, text=True, check=True,
        ).stdout.split()
    return check(f"bash completes: {offered}", offered == {
        "co": ["connect", "conflicts"], "keys r": ["rotate", "revoke"], "connect caldav --u": ["--url", "--user"],
        "import --dr": ["--dry-run"],
    })


def check_manual(program, page):
    text = subprocess.run(["gzip", "-dc", page], capture_output=True, text=True, check=True).stdout.replace("\\-", "-")
    verbs = re.findall(r"^  ([a-z]+) ", subprocess.run(
        [program, "--help"], capture_output=True, text=True, check=True).stdout.split("Subcommands:")[1], re.M)
    missing = [verb for verb in verbs if not re.search(rf"^{verb}\b", text, re.M)]
    return check(f"calgate(1) has all {len(verbs)} verbs{': not ' + ', '.join(missing) if missing else ''}", verbs and not missing)


def check_bill(program, path):
    """Every library that the loader maps into the program stands in the bill, at the version that is installed; and so do the
    libraries that are headers only."""
    with open(path, encoding="utf-8") as file:
        bill = json.load(file)
    listed = {part["name"]: part["version"] for part in bill["components"]}
    loader = subprocess.run([program, "--version"], capture_output=True, text=True, check=True,
                            env={"LD_TRACE_LOADED_OBJECTS": "1"}).stdout
    wrong = []
    for library in re.findall(r"=> (/\S+)", loader):
        real = os.path.realpath(library)
        owners = subprocess.run(["dpkg", "-S", real, real.removeprefix("/usr")], capture_output=True, text=True, check=False).stdout
        package = owners.split(":")[0]
        version = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", package + ":amd64" if ":amd64" in owners else package],
                                 capture_output=True, text=True, check=True).stdout
        if listed.get(package) != version:
            wrong.append(f"{library} is of {package} {version}")
    for package in ("libboost1.81-dev", "nlohmann-json3-dev", "libtomlplusplus-dev", "libcli11-dev"):
        if package not in listed:
            wrong.append(f"{package} is missing")
    good = check(f"the bill of materials has all {len(listed)} parts{': ' + '; '.join(wrong) if wrong else ''}", len(listed) > 20 and not wrong)
    about = bill["metadata"]["component"]
    whole = bill["bomFormat"] == "CycloneDX" and all(
        part["type"] == "library" and part["purl"].startswith("pkg:deb/debian/" + part["name"] + "@") for part in bill["components"])
    return good & check(f"it is CycloneDX {bill['specVersion']} of {about['name']} {about['version']}", whole and about["name"] == "calgate")


def check_content(package, folder):
    subprocess.run(["dpkg-deb", "-x", package, folder], check=True)
    fields = subprocess.run(["dpkg-deb", "-f", package, "Depends"], capture_output=True, text=True, check=True).stdout
    good = check("the dependencies name the linked libraries: " + fields.strip(), "libssl3" in fields and "libical3" in fields)
    program = os.path.join(folder, "usr/bin/calgate")
    good &= check_hardening(program)
    good &= check_unit(os.path.join(folder, "usr/lib/systemd/system/calgate.service"))
    good &= check_completion(program, os.path.join(folder, "usr/share/bash-completion/completions/calgate"))
    good &= check_bill(program, os.path.join(folder, "usr/share/doc/calgate/calgate.cdx.json"))
    good &= check_manual(program, os.path.join(folder, "usr/share/man/man1/calgate.1.gz"))
    return good


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--package", required=True)
    parser.add_argument("--previous", help="an earlier one, which is installed first")
    parser.add_argument("--bare", help="folder of a bare Debian; made by debootstrap when it is not there")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="calgate-package-") as folder:
        good = check_content(options.package, folder)
    if options.bare:
        good &= bare_machine.check_life(options.package, options.previous, options.bare, check)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
