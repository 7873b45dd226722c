"""Hostile programs: each gets through without a sandbox, or its success would be seen; none does inside."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.program.sandbox.attack import GOT, NORMAL_USER, PRELUDE, Attacker


@contextmanager
def listening(*sockets: socket.socket) -> Iterator[list[bytes]]:
    """Answer whatever comes to these sockets, and list it."""
    seen: list[bytes] = []

    def serve(server: socket.socket) -> None:
        while True:
            try:
                if server.type == socket.SOCK_DGRAM:
                    message, sender = server.recvfrom(512)
                    if message == b"stop":
                        return
                    server.sendto(message, sender)
                else:
                    connection, _ = server.accept()
                    with connection:
                        message = connection.recv(512)
                        if message == b"stop":
                            return
                        connection.sendall(message)
                seen.append(message)
            except OSError:
                return

    threads = [threading.Thread(target=serve, args=(server,), daemon=True) for server in sockets]
    for thread in threads:
        thread.start()
    try:
        yield seen
    finally:
        for server, thread in zip(sockets, threads, strict=True):
            with socket.socket(server.family, server.type) as client:
                client.connect(server.getsockname())
                client.send(b"stop")
                thread.join(10)
            server.close()


TALK = """
def talk(kind, address, family=socket.AF_INET):
    with socket.socket(family, kind) as client:
        client.settimeout(5)
        client.connect(address)
        client.send(b"secrets")
        return client.recv(100)
"""


def own_address() -> str:
    """Return the address that the host has in its network; its loopback if it has none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])


def test_no_server_of_the_host_is_reached_by_loopback_or_by_network(attacker: Attacker):
    server = socket.create_server(("0.0.0.0", 0))
    program = (
        TALK + "for address in sys.argv[2:]: attempt(talk, socket.SOCK_STREAM, (address, int(sys.argv[1])))\nend()"
    )
    with listening(server) as seen:
        addresses = ("127.0.0.1", own_address())
        attacker.outside_only(program, server.getsockname()[1], *addresses)
    assert seen == [b"secrets"] * 2  # from outside


def test_no_name_is_resolved(attacker: Attacker):
    resolver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    resolver.bind(("127.0.0.1", 0))
    program = (
        TALK
        + """
attempt(talk, socket.SOCK_DGRAM, ("127.0.0.1", int(sys.argv[1])))
if not sys.argv[2:]:
    attempt(socket.getaddrinfo, "example.com", 443)
    def servers():
        if not open("/etc/resolv.conf").read():
            raise OSError
    attempt(servers)
end()
"""
    )
    with listening(resolver) as seen:
        assert GOT in attacker.outside(program, resolver.getsockname()[1], "no real name")
        attacker.nothing(program, resolver.getsockname()[1])
    assert seen == [b"secrets"]


def test_no_abstract_socket_of_the_host_is_reached(attacker: Attacker):
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    server.bind(f"\0{attacker.marker}")
    server.listen()
    program = TALK + "attempt(talk, socket.SOCK_STREAM, chr(0) + sys.argv[1], socket.AF_UNIX)\nend()"
    with listening(server) as seen:
        attacker.outside_only(program, attacker.marker)
    assert len(seen) == 1


def test_the_environment_of_the_starter_is_not_there(attacker: Attacker):
    attacker.environment["API_KEY_OF_TEST"] = "sk-very-secret"
    program = """
if "sk-very-secret" in str(os.environ):
    got(os.environ)
print(sorted(os.environ))
end()
"""
    assert GOT in attacker.outside(program)
    assert "KEY" not in attacker.nothing(program).stdout


def test_no_process_shows_the_environment_of_the_starter(attacker: Attacker):
    attacker.environment["API_KEY_OF_TEST"] = "sk-very-secret"
    program = """
def reads(path):
    text = open(path, "rb").read()
    if b"sk-very-" + b"secret" not in text:
        raise OSError
for path in ["/proc/1/environ", *glob.glob("/proc/*/environ"), *glob.glob("/proc/*/task/*/environ")]:
    attempt(reads, path)
end()
"""
    attacker.outside_only(program)


def test_no_process_of_the_host_is_seen(attacker: Attacker):
    program = """
def is_there(pid):
    os.kill(int(pid), 0)
    if b"pytest" not in open(f"/proc/{pid}/cmdline", "rb").read():
        raise OSError
for path in glob.glob("/proc/[0-9]*"):
    attempt(os.readlink, path + "/cwd") if os.path.exists(path + "/cwd/pyproject.toml") else None
    if b"a process of the" + b" host" in open(path + "/cmdline", "rb").read():
        got(path)
end()
"""
    with sleeping(attacker, "a process of the host"):
        attacker.outside_only(program)


@contextmanager
def sleeping(attacker: Attacker, argument: str) -> Iterator[int]:
    """Run a process of the host, of the same user."""
    code = "print(flush=True); input()"
    process = subprocess.Popen(
        [*attacker.interpreter, "-c", code, argument], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd="/"
    )
    try:
        assert process.stdout
        process.stdout.readline()
        yield process.pid
    finally:
        process.kill()
        process.communicate()


def test_no_key_of_the_host_is_read(attacker: Attacker):
    home = attacker.folder.parent / "home"
    (home / ".ssh").mkdir(parents=True)
    (home / ".ssh" / "id_ed25519").write_text("-----BEGIN OPENSSH PRIVATE KEY-----")
    attacker.environment["HOME"] = str(home)
    program = """
def keys(home):
    return [open(path).read() for path in glob.glob(home + "/.ssh/*")] or attempt(open, home + "/.ssh")
homes = [sys.argv[1], os.path.expanduser("~"), "/root", *glob.glob("/home/*"), "/repository/..", "/proc/1/root/root"]
for home in homes:
    if any(map(os.path.isfile, glob.glob(home + "/.ssh/*"))):
        got(home)
def users(path):
    if sys.argv[2] not in open(path).read():
        raise OSError
attempt(users, "/etc/shadow")
attempt(users, "/etc/passwd")
end()
"""
    attacker.outside_only(program, home, Path("/etc/passwd").read_text().splitlines()[-1])


def test_nothing_is_written_outside_of_the_working_folder(attacker: Attacker):
    place = attacker.folder.parent
    environment = place / "venv"
    environment.mkdir()
    (environment / "pyvenv.cfg").touch()
    if not attacker.as_root and os.getuid() == 0:
        os.chown(environment, NORMAL_USER, NORMAL_USER)
    name = attacker.marker
    program = """
def write(path):
    with open(path, "a") as file:
        file.write("mark")
for folder in sys.argv[1:]:
    attempt(write, folder + "/" + os.path.basename(__file__))
    attempt(os.mkdir, folder + "/" + os.path.basename(__file__) + ".d")
for path in ("/launcher.py", sys.executable, os.path.realpath(sys.executable), os.__file__, "/proc/1/oom_score_adj"):
    attempt(write, path) if sys.argv[3:] else None
end()
"""
    assert GOT in attacker.outside(program, place, environment)
    assert (place / name).read_text() == (environment / name).read_text() == "mark"
    (place / name).unlink()
    (environment / name).unlink()
    system = ["/", "/usr", "/usr/bin", "/etc", "/bin", "/lib", "/dev", "/proc", "/var/tmp", "/home", "/root", "/run"]
    attacker.nothing(program, environment, *system, sys.base_prefix, "/repository/..", read_only=[environment])
    attacker.inside(program, place)  # a folder below /tmp, where it may have one of its own
    assert not (place / name).exists()
    assert not (environment / name).exists()


def test_what_is_written_to_tmp_is_not_in_that_of_the_host(attacker: Attacker):
    program = """
for folder in ("/tmp", "/dev/shm"):
    with open(folder + "/" + os.path.basename(__file__), "a") as file:
        file.write("mark")
end()
"""
    places = [Path(folder) / attacker.marker for folder in ("/tmp", "/dev/shm")]
    attacker.outside(program)
    for place in places:
        assert place.read_text() == "mark"
        place.unlink()
    attacker.nothing(program)
    assert not any(place.exists() for place in places)


def test_no_process_of_the_host_is_traced_or_killed(attacker: Attacker):
    program = """
PTRACE_SEIZE = 0x4206
def trace(pid):
    LIBC.ptrace.argtypes = [ctypes.c_long] * 4
    if LIBC.ptrace(PTRACE_SEIZE, pid, 0, 0) < 0:
        raise OSError(ctypes.get_errno(), "ptrace")
attempt(trace, int(sys.argv[1]))
attempt(os.kill, int(sys.argv[1]), 0)
attempt(open, f"/proc/{sys.argv[1]}/mem", "rb")
attempt(os.pidfd_open, int(sys.argv[1]))
end()
"""
    with sleeping(attacker, "victim") as pid:
        attacker.outside_only(program, pid)


def test_no_setting_of_the_kernel_is_writable(attacker: Attacker):
    program = """
for path in ["kernel/core_pattern", "kernel/hostname", "vm/drop_caches", "net/ipv4/ip_forward", "kernel/modprobe",
             "user/max_user_namespaces", "kernel/shmmax", "fs/mqueue/msg_max"]:
    attempt(os.open, "/proc/sys/" + path, os.O_WRONLY)
attempt(os.open, "/proc/sysrq-trigger", os.O_WRONLY)
end()
"""
    if attacker.as_root:
        attacker.outside_only(program)
    attacker.nothing(program)


MOUNT = """
def mount(source, target, kind, flags=0):
    if LIBC.mount(source, target, kind, flags, None) < 0:
        raise OSError(ctypes.get_errno(), "mount")
def unshare(flags):
    if LIBC.unshare(flags) < 0:
        raise OSError(ctypes.get_errno(), "unshare")
def clone(flags):
    number = {"x86_64": 56, "aarch64": 220}[os.uname().machine]
    if system_call(number, flags | signal.SIGCHLD, 0, 0, 0, 0) == 0:
        os._exit(0)
"""


def test_nothing_is_mounted(attacker: Attacker):
    program = (
        MOUNT
        + """
if sys.argv[1:]:
    unshare(0x00020000)
    mount(b"none", b"/", None, 0x44000)
os.makedirs("mounted", exist_ok=True)
attempt(mount, b"tmpfs", b"mounted", b"tmpfs")
attempt(mount, b"proc", b"mounted", b"proc")
attempt(mount, None, b"/", None, 32 | 4096)
attempt(mount, None, b"/usr", None, 32 | 4096)
end()
"""
    )
    if attacker.as_root:
        assert GOT in attacker.outside(program, "in a namespace of its own")
    attacker.nothing(program)


def test_no_namespace_is_made(attacker: Attacker):
    program = (
        MOUNT
        + """
for flag in (0x10000000, 0x00020000, 0x40000000, 0x10000000 | 0x00020000):
    attempt(clone, flag)
    attempt(unshare, flag)
end()
"""
    )
    attacker.outside_only(program)


def test_no_set_user_id_program_gives_rights(attacker: Attacker):
    program = """
def become():
    shutil_copy = open("/bin/sh", "rb").read()
    with open("rootsh", "wb") as file:
        file.write(shutil_copy)
    os.chmod("rootsh", 0o6755)
    barred = os.statvfs(".").f_flag & os.ST_NOSUID or "NoNewPrivs:\\t1" in open("/proc/self/status").read()
    if os.stat("rootsh").st_mode & 0o6000 and not barred:
        return "no barrier"
    raise OSError
attempt(become)
for call in (os.setuid, os.setgid, os.seteuid):
    if os.getuid():
        attempt(call, 0)
status = dict(line.split(":\\t") for line in open("/proc/self/status").read().splitlines() if ":\\t" in line)
if status["NoNewPrivs"] != "1":
    got("new privileges")
if any(int(status[name], 16) for name in ("CapEff", "CapPrm", "CapAmb")):
    got("capabilities")
if os.getuid() == 0:
    got("root")
end()
"""
    attacker.outside_only(program)


def test_root_is_another_user_inside(attacker: Attacker):
    outcome = attacker.nothing("print(os.getuid(), os.getgid(), os.getgroups())\nopen('mine', 'w')\nend()")
    owner = (attacker.folder / "mine").stat().st_uid
    assert owner == int(outcome.stdout.split()[0]) if attacker.as_root else owner in (NORMAL_USER, os.getuid())
    assert owner != 0


def test_no_device_is_made_or_opened(attacker: Attacker):
    program = """
attempt(os.mknod, "disk", 0o600 | stat.S_IFBLK, os.makedev(*map(int, sys.argv[1:])))
attempt(os.mknod, "zero", 0o600 | stat.S_IFCHR, os.makedev(1, 5))
for path in glob.glob("/dev/*"):
    if stat.S_ISBLK(os.lstat(path).st_mode):
        got(path)
for path in ("/dev/mem", "/dev/kmsg", "/dev/sda", "/dev/vda", "/dev/kvm", "/dev/fuse", "/dev/net/tun"):
    if os.path.exists(path):
        got(path)
end()
"""
    device = attacker.folder.stat().st_dev
    if attacker.as_root:
        assert GOT in attacker.outside(program, os.major(device), os.minor(device))
        for made in ("disk", "zero"):
            (attacker.folder / made).unlink(missing_ok=True)
    attacker.nothing(program, os.major(device), os.minor(device))


KEYS = """
X86 = os.uname().machine == "x86_64"
ADD, REQUEST, CONTROL, LOG = (248, 249, 250, 103) if X86 else (217, 218, 219, 116)
def search():
    number = system_call(REQUEST, b"user", b"key-of-the-host", None, 0)
    buffer = ctypes.create_string_buffer(100)
    system_call(CONTROL, 11, number, buffer, 100)
    return buffer.value
attempt(search)
def name():
    if "key-of-the-host" not in open("/proc/keys").read():
        raise OSError
attempt(name)
end()
"""


def test_no_key_of_the_kernels_keyring_is_read(attacker: Attacker):
    with_key = """
X86 = os.uname().machine == "x86_64"
ADD, CONTROL = (248, 250) if X86 else (217, 219)
system_call(CONTROL, 1, None)
system_call(ADD, b"user", b"key-of-the-host", b"secret", 6, -3)
os.execvp(sys.argv[1], sys.argv[1:])
"""
    starter = attacker.folder.parent / "starter.py"
    starter.write_text(PRELUDE + with_key)
    attacker.interpreter = [*attacker.interpreter, str(starter), attacker.interpreter[-1]]
    attacker.outside_only(KEYS)


def test_the_log_of_the_kernel_is_not_read(attacker: Attacker):
    program = """
LOG = 103 if os.uname().machine == "x86_64" else 116
buffer = ctypes.create_string_buffer(4096)
attempt(system_call, LOG, 3, buffer, 4096)
attempt(system_call, LOG, 10, None, 0)
end()
"""
    if attacker.as_root:
        assert GOT in attacker.outside(program)
    attacker.nothing(program)
