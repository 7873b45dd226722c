"""System calls that untrusted code has no use for, as a filter of the kernel (seccomp): to it they are not there."""

import errno
import platform
import struct

_MACHINES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}

_NEW_NAMESPACES = 0x7E020000
"""The flags of `clone` that make namespaces."""

_CLONE = {"x86_64": 56, "aarch64": 220}

_ALTERNATIVE_ABI = 0x40000000
"""From this number on x86_64 has the same calls once more."""

_FORBIDDEN = {
    # keys of whoever started this, and the log of the kernel
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "syslog": (103, 116),
    # new namespaces and file systems; without clone3 the C library uses clone, whose flags a filter can read
    "unshare": (272, 97),
    "setns": (308, 268),
    "clone3": (435, 435),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "open_by_handle_at": (304, 265),
    # memory that is no process's
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "msgget": (68, 186),
    # where the kernel was broken most often
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
}


def knows_machine() -> bool:
    """Say whether there is a filter for this machine."""
    return platform.machine() in _MACHINES


def system_call_filter() -> bytes:
    """Return the filter, as the kernel reads it, for this machine."""
    machine = platform.machine()
    column = list(_MACHINES).index(machine)
    load, equal, at_least, any_bit, answer = 0x20, 0x15, 0x35, 0x45, 0x06
    refuse, allow = (answer, 0, 0, 0x00050000 | errno.ENOSYS), (answer, 0, 0, 0x7FFF0000)
    steps = [(load, 0, 0, 4), (equal, 1, 0, _MACHINES[machine]), refuse, (load, 0, 0, 0)]
    steps += [(at_least, 0, 1, _ALTERNATIVE_ABI), refuse]
    for numbers in _FORBIDDEN.values():
        steps += [(equal, 0, 1, numbers[column]), refuse]
    steps += [(equal, 0, 3, _CLONE[machine]), (load, 0, 0, 16), (any_bit, 0, 1, _NEW_NAMESPACES), refuse, allow]
    return b"".join(struct.pack("=HBBI", *step) for step in steps)
