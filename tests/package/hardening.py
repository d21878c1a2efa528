"""Reads off a release binary how it was hardened. Each line of output is one property."""

import re
import subprocess


def output(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True, env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"}).stdout


def calls_through(program, pattern):
    """Whether the program takes a function of the C library whose name matches."""
    return re.search(rf" UND .*{pattern}", output("readelf", "-W", "--dyn-syms", program)) is not None


def properties(program):
    """Name to whether it holds."""
    header = output("readelf", "-W", "-h", program)
    segments = output("readelf", "-W", "-l", program)
    dynamic = output("readelf", "-W", "-d", program)
    found = {
        "position independent (PIE)": "DYN (Position" in header and re.search(r"FLAGS_1.* PIE", dynamic) is not None,
        "relocations read-only (full RELRO)": "GNU_RELRO" in segments and re.search(r"FLAGS_1.* NOW", dynamic) is not None,
        "stack not executable": re.search(r"GNU_STACK .* RW +0x", segments) is not None,
        "no segment both writable and executable": re.search(r"LOAD .* RWE ", segments) is None,
        "stack protector": calls_through(program, "__stack_chk_fail"),
        "checked copies (fortify)": calls_through(program, r"__\w+_chk@"),
        "assertions of the standard library": calls_through(program, "__glibcxx_assert_fail"),
        "no library looked for outside the system (RPATH)": "RPATH" not in dynamic and "RUNPATH" not in dynamic,
    }
    if "X86-64" in header:
        entries = output("objdump", "-d", "--no-show-raw-insn", "-j", ".text", program).count("endbr64")
        found["marked jump targets (CET)"] = entries > 1000
    return found
