"""Secrets that a run uses, and the search for them in everything that it left behind."""

import base64
import os
import stat
from urllib.parse import quote

PLANTED = {}  # Secret to what it is and the names of the files of people and servers that hold it by right.
BEGINNINGS = set()  # Those of which only the beginning is known.


def plant(secret, what, *files):
    """@return the secret."""
    known = PLANTED.setdefault(secret, (what, set()))
    known[1].update(files)
    return secret


def plant_beginning(text, what):
    """Of secrets that are made while it runs. In base64 a short one may go unseen."""
    BEGINNINGS.add(plant(text, what))


def shapes_of(secret):
    """As it is, in a URL, and in base64 at every alignment."""
    raw = secret.encode()
    shapes = {raw, quote(secret, safe="").encode(), raw.hex().encode()}
    for shift in range(3):
        text = base64.b64encode(b"\0" * shift + raw)
        shapes.add(text[(shift * 8 + 5) // 6:len(text) // 4 * 4 - 4])
    return {shape for shape in shapes if len(shape) >= 6}


def leaks(secrets, texts):
    """Names of the texts in which a secret stands."""
    return sorted({name for name, text in texts.items() for s in secrets if any(shape in text for shape in shapes_of(s))})


def files_below(folder):
    """What could be read of them: sockets hold nothing, and a server that ends removes its own."""
    found = {}
    for place, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(place, name)
            try:
                if stat.S_ISREG(os.lstat(path).st_mode):
                    with open(path, "rb") as file:
                        found[os.path.relpath(path, folder)] = file.read()
            except FileNotFoundError:
                pass
    return found


def secrets_below(folder):
    """@return how many files were searched, and sentences that name the file and never the secret."""
    texts, wrong = files_below(folder), []
    for secret, (what, files) in PLANTED.items():
        header = base64.b64encode(f"user:{secret}:more".encode())
        in_header = secret in BEGINNINGS or leaks([secret], {"": header})
        if not leaks([secret], {"": secret.encode()}) or not in_header:
            wrong.append(f"{what} would not be found; plant a longer one")
        others = {name: text for name, text in texts.items() if os.path.basename(name) not in files}
        wrong += [f"{what} stands in {name}" for name in leaks([secret], others)]
    return len(texts), sorted(wrong)
