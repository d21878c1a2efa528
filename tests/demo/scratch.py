"""A folder of its own for a test of the whole program, searched for the secrets that it used before it goes."""

import shutil
import sys
import tempfile

from planted import PLANTED, secrets_below


def in_a_folder(name, work):
    """
    Runs `work(folder)` in a new folder. It stays for a look when that raises or returns false, or when a secret stands in it
    where none belongs. @return the exit code.
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
    return 0 if good else 1
