"""The first process in a container: starts the program; all others end with it, or with whoever holds its input.

A file of its own that imports nothing of this project: it is shown to the container alone.
"""

import ctypes
import json
import os
import signal
import sys
import threading
from contextlib import suppress

PR_SET_DUMPABLE, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 4, 22, 2

EVENTS = ("/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory/memory.oom_control")
"""Where a control group says what it has killed, in its second version and in its first."""


class Filter(ctypes.Structure):
    """A filter of system calls as the kernel takes it."""

    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_char_p))


def main() -> None:
    """Read the settings (JSON) and the command from the arguments, run the command, and end as it does."""
    settings, command = json.loads(sys.argv[1]), sys.argv[2:]
    kernel = ctypes.CDLL(None, use_errno=True)
    # the program has the same user id, and may neither trace this process nor look into it
    kernel.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    if steps := bytes.fromhex(settings["filter"]):
        calls = Filter(len(steps) // 8, steps)
        if kernel.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(calls), 0, 0):
            sys.exit(f"no filter of system calls: {os.strerror(ctypes.get_errno())}")
    child = os.fork()
    if child == 0:
        start(command, {"PATH": os.environ["PATH"], **settings["environment"]})
    threading.Thread(target=end_with_input, daemon=True).start()
    ended, status = os.wait()
    while ended != child:
        ended, status = os.wait()
    end_all()
    # nobody else can write now: the last word is this process's
    os.write(2, b"\0memory" if any(map(has_killed, EVENTS)) else b"\0exit")
    code = os.waitstatus_to_exitcode(status)
    os._exit(128 - code if code < 0 else code)


def start(command: list[str], environment: dict[str, str]) -> None:
    """Become the program."""
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.closerange(3, 65536)
    os.umask(0o022)
    for ignored in (signal.SIGPIPE, signal.SIGXFSZ):  # by Python, and then by what it becomes
        signal.signal(ignored, signal.SIG_DFL)
    try:
        os.execvpe(command[0], command, environment)
    except OSError as error:
        print(f"cannot start {command[0]}: {error.strerror}", file=sys.stderr, flush=True)
        os._exit(127)


def end_with_input() -> None:
    """Wait until nobody holds the other end of the standard input, and end."""
    while os.read(0, 4096):
        pass
    os._exit(137)


def end_all() -> None:
    """Kill all other processes, and wait for their end."""
    with suppress(ProcessLookupError):
        os.kill(-1, signal.SIGKILL)
    with suppress(ChildProcessError):
        while True:
            os.wait()


def has_killed(path: str) -> bool:
    """Say whether the control group has killed a process for want of memory."""
    try:
        with open(path) as file:  # noqa: PTH123
            return any(line.startswith("oom_kill ") and line.split()[1] != "0" for line in file)
    except OSError:
        return False


main()
