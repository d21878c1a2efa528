"""A folder of its own for a test of the whole program, searched for the secrets that it used before it goes."""

import glob
import os
import shutil
import sys
import tempfile

from planted import PLANTED, secrets_below


def show_ends_of_logs(folder):
    for path in sorted(glob.glob(os.path.join(folder, "**", "log.txt"), recursive=True)):
        with open(path, encoding="utf-8", errors="replace") as log:
            print(f"The end of {path}:\n" + "".join(log.readlines()[-20:]), file=sys.stderr)


def in_a_folder(name, work):
    """
    Runs `work(folder)` in a new folder. It stays for a look, and the ends of its logs are shown, when that raises or returns
    false, or when a secret stands in it where none belongs. @return the exit code.
    """
    folder = tempfile.mkdtemp(prefix=f"calgate-{name}-")
    good = False
    try:
        good = bool(work(folder))
        count, found = secrets_below(folder)
        print(f"{count} files searched for {len(PLANTED)} secrets: {len(found)} found")
        if not PLANTED or found:
            good = False
            for sentence in found or ["no secret was planted, so that none could be found"]:
                print(f"WRONG: {sentence}", file=sys.stderr)
    finally:
        if good:
            shutil.rmtree(folder)
        else:
            print(f"Logs are in {folder}.", file=sys.stderr)
            show_ends_of_logs(folder)
    return 0 if good else 1
