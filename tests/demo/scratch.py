"""A folder of its own for a test of the whole program."""

import shutil
import sys
import tempfile


def in_a_folder(name, work):
    """Runs `work(folder)` in a new folder. It stays for a look when that raises or returns false. @return the exit code."""
    folder = tempfile.mkdtemp(prefix=f"calgate-{name}-")
    good = False
    try:
        good = work(folder)
    finally:
        if good:
            shutil.rmtree(folder)
        else:
            print(f"Logs are in {folder}.", file=sys.stderr)
    return 0 if good else 1
