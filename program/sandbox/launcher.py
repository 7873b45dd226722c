"""Runs inside the sandbox, before the untrusted program: gives up what is left of privileges, sets limits, and execs.

A file of its own that imports nothing of this project: it is shown to the sandbox alone.
"""

import json
import os
import resource
import signal
import sys


def main() -> None:
    """Read the limits (JSON) and the command from the arguments, and become the command."""
    limits, command = json.loads(sys.argv[1]), sys.argv[2:]
    for name, (soft, hard) in limits["resources"].items():
        which = getattr(resource, name)
        most = resource.getrlimit(which)[1]
        if most != resource.RLIM_INFINITY:
            soft, hard = min(soft, most), min(hard, most)
        resource.setrlimit(which, (soft, hard))
    if os.getuid() == 0 and limits["uid"]:
        os.setgroups([])
        os.setresgid(limits["uid"], limits["uid"], limits["uid"])
        os.setresuid(limits["uid"], limits["uid"], limits["uid"])
    os.umask(0o022)
    os.chdir(limits["folder"])
    os.closerange(3, 65536)
    for ignored in (signal.SIGPIPE, signal.SIGXFSZ):  # by Python, and then by what it becomes
        signal.signal(ignored, signal.SIG_DFL)
    try:
        os.execvpe(command[0], command, os.environ)
    except OSError as error:
        print(f"cannot start {command[0]}: {error.strerror}", file=sys.stderr)
        sys.exit(127)


main()
