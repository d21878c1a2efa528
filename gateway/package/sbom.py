"""
Writes the bill of materials of a built program (CycloneDX 1.5, JSON): every Debian package whose shared library it loads, and
every one whose headers were compiled into it, as the loader and the build's own records of dependencies name them.
"""

import argparse
import datetime
import json
import os
import re
import subprocess
import sys
import uuid

OURS = ("core/", "connectors/", "store/", "scheduler/", "gateway/")


def output(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True, env={"LC_ALL": "C", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}).stdout


def loaded_libraries(program):
    """Files of all shared libraries, those that libraries need too; and the names of those that the program itself asks for."""
    listed = output("ldd", program)
    if "not found" in listed:
        sys.exit(f"A library that {program} needs is missing; install what ./dev names.")
    files = dict(re.findall(r"^\s*(?:(\S+) => )?(/\S+) \(", listed, re.M))
    direct = set(re.findall(r"\(NEEDED\).*\[(.+)\]", output("readelf", "-W", "-d", program)))
    return {path: name in direct for name, path in files.items()}


def compiled_headers(ninja, build):
    """Headers from outside the tree that our own objects were made of."""
    found, ours = set(), False
    for line in output(ninja, "-C", build, "-t", "deps").splitlines():
        if line and not line[0].isspace():
            ours = line.startswith(OURS)
        elif ours and line.strip().startswith("/usr/"):
            found.add(os.path.realpath(line.strip()))
    return found


def packages_of(paths):
    """Package, with its architecture, to the paths that it owns. Debian 12 lists a file of /usr/lib under /lib at times."""
    found = {}
    for path in paths:
        real = os.path.realpath(path)
        names = [path, real, real.removeprefix("/usr"), "/usr" + path]
        listed = subprocess.run(["dpkg", "-S", *dict.fromkeys(names)], capture_output=True, text=True, check=False).stdout
        owner = re.search(r"^(?!diversion)([a-z0-9.+-]+(?::[a-z0-9]+)?):? ", listed, re.M)
        if not owner:
            sys.exit(f"No Debian package owns {path}; build with Debian's own libraries.")
        found.setdefault(owner.group(1), set()).add(path)
    return found


def header_packages(headers):
    """As packages_of, one call for all: headers are many."""
    found = set()
    paths = sorted(headers)
    for start in range(0, len(paths), 500):
        listed = subprocess.run(["dpkg", "-S", *paths[start:start + 500]], capture_output=True, text=True, check=False).stdout
        found.update(re.findall(r"^(?!diversion)([a-z0-9.+-]+(?::[a-z0-9]+)?): /", listed, re.M))
    return found


def component(package, how):
    fields = "${Package}\t${Version}\t${Architecture}\t${source:Package}\t${source:Version}"
    name, version, architecture, source, source_version = output("dpkg-query", "-W", "-f", fields, package).split("\t")
    purl = f"pkg:deb/debian/{name}@{version.replace('+', '%2B').replace(':', '%3A')}?arch={architecture}&distro=debian-12"
    return {
        "type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl,
        "properties": [
            {"name": "calgate:linked", "value": how},
            {"name": "debian:source", "value": f"{source} {source_version}"},
        ],
    }


def main():
    parser = argparse.ArgumentParser()
    for name in ("program", "ninja", "build", "version"):
        parser.add_argument("--" + name, required=True)
    options = parser.parse_args()
    libraries = loaded_libraries(options.program)
    shared = {}
    for package, paths in packages_of(libraries).items():
        shared[package] = "shared library" if any(libraries[path] for path in paths) else "shared library of a library"
    headers = header_packages(compiled_headers(options.ninja, options.build)) - set(shared)
    components = [component(p, how) for p, how in shared.items()] + [component(p, "headers, compiled in") for p in headers]
    components.sort(key=lambda one: one["bom-ref"])
    reference = f"pkg:generic/calgate@{options.version}"
    made = datetime.datetime.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH", os.path.getmtime(options.program))), datetime.timezone.utc)
    bill = {
        "bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,
        "serialNumber": "urn:uuid:" + str(uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(components))),
        "metadata": {
            "timestamp": made.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "component": {"type": "application", "bom-ref": reference, "name": "calgate", "version": options.version},
        },
        "components": components,
        "dependencies": [{"ref": reference, "dependsOn": [one["bom-ref"] for one in components]}],
    }
    json.dump(bill, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
