"""Hostile and wasteful programs end at the limit that they pass; of none is anything left."""

import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from program.sandbox.bubblewrap import Bubblewrap
from program.sandbox.choose import Sandbox
from program.sandbox.limits import Limits
from tests.program.sandbox.attack import END, PROJECT, Attacker
from tests.program.sandbox.conftest import why_not

MEGABYTE = 1 << 20


@contextmanager
def counted(attacker: Attacker) -> Iterator[list[int]]:
    """Count the attacker's processes on the host until the end."""
    counts: list[int] = []
    over = threading.Event()

    def count() -> None:
        while not over.wait(0.02):
            counts.append(len(attacker.processes()))

    thread = threading.Thread(target=count)
    thread.start()
    try:
        yield counts
    finally:
        over.set()
        thread.join()


def test_a_fork_bomb_is_ended_and_nothing_of_it_is_left(attacker: Attacker):
    program = """
while True:
    try:
        os.fork()
    except OSError:
        time.sleep(0.01)
"""
    with counted(attacker) as counts:
        outcome = attacker.inside(program, processes=40)
        assert not attacker.processes()
    assert outcome.ended_by == "processes"
    assert outcome.exit_code is None
    assert 1 < max(counts) <= 100  # it was seen, and kept small


def test_a_thread_bomb_is_ended(attacker: Attacker):
    program = """
import threading
for _ in range(200):
    threading.Thread(target=time.sleep, args=(30,)).start()
time.sleep(30)
"""
    assert attacker.inside(program, processes=60).ended_by == "processes"


def test_one_process_gets_no_more_memory_than_allowed(attacker: Attacker):
    program = """
blocks = []
try:
    while len(blocks) < 1000:
        blocks.append(b"x" * (8 << 20))
except MemoryError:
    end()
"""
    outcome = attacker.inside(program, memory_mb=200)
    assert END in outcome.stdout or outcome.ended_by == "memory"
    assert outcome.peak_memory_mb < 260


def test_many_processes_share_one_limit_of_memory(attacker: Attacker):
    program = """
for _ in range(9):
    if os.fork() == 0:
        block = os.urandom(1 << 20) * 60
        time.sleep(30)
os.wait()
"""
    outcome = attacker.inside(program, memory_mb=300)
    assert outcome.ended_by == "memory"
    # a control group lets nobody have more, not even for a moment
    assert (300 if attacker.backend == "bubblewrap" else 100) < outcome.peak_memory_mb < 700
    assert not attacker.processes()


def test_memory_that_processes_share_counts_once(attacker: Attacker):
    program = """
block = os.urandom(1 << 20) * 100
ready, tell = os.pipe()
children = []
for _ in range(5):
    child = os.fork()
    if child == 0:
        sum(block[::4096])
        os.write(tell, b"x")
        time.sleep(0.5)
        os._exit(0)
    children.append(child)
for child in children:
    os.waitpid(child, 0)
end()
"""
    outcome = attacker.inside(program, memory_mb=300)
    assert outcome.ended_by == "exit"
    assert END in outcome.stdout


def test_memory_that_no_process_shows_cannot_be_taken(attacker: Attacker):
    program = """
def file_in_memory():
    return os.memfd_create("bomb")
def shared_segment():
    return system_call({"x86_64": 29, "aarch64": 194}[os.uname().machine], 0, 1 << 30, 0o600 | 0o1000)
attempt(file_in_memory)
attempt(shared_segment)
end()
"""
    attacker.outside_only(program)


def test_memory_that_no_process_holds_ends_with_what_the_machine_has_to_spare(attacker: Attacker):
    program = """
kept = []
for _ in range(200):
    block = mmap.mmap(-1, 16 << 20)
    for place in range(0, len(block), 4096):
        block[place] = 1
    block.madvise(mmap.MADV_DONTNEED)
    kept.append(block)
end()
"""
    spare = psutil.virtual_memory().available // MEGABYTE - 400
    if spare < 500:
        pytest.skip("the machine is short of memory")
    outcome = attacker.inside(program, memory_mb=300, spare_memory_mb=spare)
    assert outcome.ended_by == "memory"
    assert outcome.peak_memory_mb < 300


def test_scratch_is_small(attacker: Attacker):
    program = """
for folder in ("/tmp", "/dev/shm"):
    try:
        with open(folder + "/bomb", "wb") as file:
            for _ in range(100):
                file.write(bytes(1 << 20))
        got(folder)
    except OSError as error:
        print(error.errno == errno.ENOSPC)
end()
"""
    outcome = attacker.nothing(program, scratch_mb=20)
    assert outcome.stdout.split() == ["True", "True", *END.split()]


def test_one_file_does_not_fill_the_disk(attacker: Attacker):
    program = """
try:
    with open("bomb", "wb") as file:
        for _ in range(200):
            file.write(os.urandom(1 << 20))
except OSError as error:
    if error.errno == errno.EFBIG:
        end()
"""
    assert END in attacker.inside(program, disk_mb=30).stdout
    assert (attacker.folder / "bomb").stat().st_size <= 30 * MEGABYTE


def test_a_program_that_the_kernel_ends_at_its_file_size_is_ended_by_the_disk(attacker: Attacker):
    outcome = attacker.inside("exec head -c 90000000 /dev/zero > bomb", shell=True, disk_mb=30)
    assert (outcome.ended_by, outcome.exit_code) == ("disk", None)


def test_many_files_do_not_fill_the_disk(attacker: Attacker):
    program = """
block = os.urandom(4 << 20)
for number in range(1000):
    with open(f"bomb-{number}", "wb") as file:
        file.write(block)
    time.sleep(0.01)
"""
    assert attacker.inside(program, disk_mb=60).ended_by == "disk"
    assert len(list(attacker.folder.iterdir())) < 300


def test_files_that_were_deleted_but_are_open_do_not_fill_the_disk(attacker: Attacker):
    program = """
block, kept = os.urandom(4 << 20), []
for number in range(500):
    kept.append(open("bomb", "wb", buffering=0))
    os.unlink("bomb")
    kept[-1].write(block)
    time.sleep(0.01)
end()
"""
    assert attacker.inside(program, disk_mb=60).ended_by == "disk"


def test_files_on_their_way_between_processes_end_with_what_the_disk_has_to_spare(attacker: Attacker):
    program = """
block, pairs = os.urandom(4 << 20), []
for number in range(400):
    here, there = socket.socketpair()
    with open("bomb", "wb", buffering=0) as file:
        os.unlink("bomb")
        file.write(block)
        socket.send_fds(here, [b"x"], [file.fileno()])
    pairs.append((here, there))
    time.sleep(0.005)
end()
"""
    spare = psutil.disk_usage(str(attacker.folder)).free // MEGABYTE - 200
    if spare < 2000:
        pytest.skip("the disk is full")
    assert attacker.inside(program, disk_mb=60, spare_disk_mb=spare).ended_by == "disk"


def test_the_number_of_files_is_limited(attacker: Attacker):
    program = """
for number in range(20000):
    open(f"bomb-{number}", "wb").close()
"""
    assert attacker.inside(program, files=500).ended_by == "files"


@pytest.mark.parametrize(
    "hiding", ["os.chmod('.', 0o300)", "[(os.mkdir('abc'), os.chdir('abc')) for _ in range(2000)]"]
)
def test_a_folder_that_nobody_can_look_into_hides_nothing(attacker: Attacker, hiding: str):
    program = f"""
os.mkdir("hidden")
os.chdir("hidden")
{hiding}
block = os.urandom(4 << 20)
for number in range(200):
    with open(f"bomb-{{number}}", "wb") as file:
        file.write(block)
    time.sleep(0.01)
"""
    assert attacker.inside(program, disk_mb=60).ended_by in ("disk", "files")


def test_of_a_flood_of_output_the_beginning_and_the_end_are_kept(attacker: Attacker):
    program = """
print("the beginning")
line = "x" * 999
for _ in range(100_000):
    sys.stdout.write(line + chr(10))
print("the failure", file=sys.stderr)
print("the end")
"""
    outcome = attacker.inside(program, output_kb=64)
    assert outcome.ended_by == "exit"
    assert outcome.output_cut
    assert outcome.stdout.startswith("the beginning")
    assert outcome.stdout.endswith("the end\n")
    assert "99,9" in outcome.stdout  # megabytes are left out
    assert len(outcome.stdout) < 66 * 1024
    assert outcome.stderr == "the failure\n"


def test_a_flood_without_end_ends_at_the_wall_time(attacker: Attacker):
    outcome = attacker.inside("yes", shell=True, output_kb=16, wall_seconds=0.5)
    assert outcome.ended_by == "wall time"
    assert len(outcome.stdout) < 20_000


DAEMON = """
for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
first, tell = os.pipe()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.setsid()
        os.write(tell, b"x")
        null = os.open("/dev/null", os.O_RDWR)
        for descriptor in range(3):
            os.dup2(null, descriptor)
        while True:
            with open("alive", "a") as file:
                file.write("x")
    os._exit(0)
os.read(first, 1)
"""


def test_nothing_is_left_of_a_daemon_that_ignores_signals_when_its_parent_ends(attacker: Attacker):
    outcome = attacker.inside(DAEMON)
    written = (attacker.folder / "alive").stat().st_size if (attacker.folder / "alive").exists() else 0
    assert outcome.exit_code == 0
    assert not attacker.processes()
    assert written == ((attacker.folder / "alive").stat().st_size if written else 0)


def test_nothing_is_left_of_a_daemon_at_the_wall_time(attacker: Attacker):
    with counted(attacker) as counts:
        outcome = attacker.inside(DAEMON + "\nsignal.pause()", wall_seconds=1)
        assert not attacker.processes()
    assert max(counts) >= 2  # the observer would have seen it
    assert outcome.ended_by == "wall time"
    assert 1 <= outcome.seconds < 3


def test_nothing_is_left_when_whoever_started_it_is_killed(attacker: Attacker):
    command = attacker.written("open('started', 'w').close()\nsignal.pause()")
    given = {
        "backend": attacker.backend,
        "command": command,
        "folder": str(attacker.folder),
        "limits": {},
        "read_only": [],
        "environment": {},
    }
    starter = subprocess.Popen(
        [*attacker.interpreter, "-m", "tests.program.sandbox.starting"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=attacker.variables(),
        cwd=PROJECT,
        text=True,
    )
    assert starter.stdin
    starter.stdin.write(json.dumps(given))
    starter.stdin.close()
    while not (attacker.folder / "started").exists():
        assert starter.poll() is None
    inside = attacker.processes()
    assert inside
    starter.kill()
    starter.wait()
    assert not psutil.wait_procs(inside, timeout=10)[1]


def test_time_on_the_processor_is_limited(attacker: Attacker):
    outcome = attacker.inside("while True: pass", cpu_seconds=1)
    assert (outcome.ended_by, outcome.exit_code) == ("cpu time", None)


def test_peak_memory_is_about_right(attacker: Attacker):
    program = "block = os.urandom(1 << 20) * 150\ntime.sleep(0.2)"
    assert 150 <= attacker.inside(program).peak_memory_mb < 200


def test_all_is_gone_by_the_time_that_a_run_returns(sandbox: Sandbox, tmp_path: Path):
    """A process gives up its lock when it ends, and its memory first, which takes a while."""
    program = """
import fcntl, os, time
lock = open("lock", "w")
fcntl.flock(lock, fcntl.LOCK_EX)
block = os.urandom(1 << 20) * 300
if os.fork() == 0:
    os.closerange(0, 3)
    time.sleep(30)
"""
    for _ in range(3):
        assert sandbox.run(["python", "-c", program], tmp_path, Limits()).exit_code == 0
        with (tmp_path / "lock").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_an_exit_code_is_that_of_the_program(sandbox: Sandbox, tmp_path: Path):
    outcome = sandbox.run(["sh", "-c", "exit 7"], tmp_path, Limits())
    assert (outcome.exit_code, outcome.ended_by) == (7, "exit")
    killed = sandbox.run(["sh", "-c", "kill -9 $$"], tmp_path, Limits())
    assert (killed.exit_code, killed.ended_by) == (128 + signal.SIGKILL, "exit")


def test_a_command_that_is_not_there_is_said_to_be_so(sandbox: Sandbox, tmp_path: Path):
    outcome = sandbox.run(["no-such-program"], tmp_path, Limits())
    assert outcome.exit_code == 127
    assert outcome.stderr == "cannot start no-such-program: No such file or directory\n"


def test_python_inside_is_that_of_this_program_by_both_names(sandbox: Sandbox, tmp_path: Path):
    code = "import sys; print(sys.version_info[:3] == " + repr(tuple(sys.version_info[:3])) + ", sys.prefix)"
    for name in ("python", "python3"):
        assert sandbox.run([name, "-c", code], tmp_path, Limits()).stdout == f"True {sys.base_prefix}\n"


def test_what_a_program_needs_of_the_system_can_be_read(tmp_path: Path):
    if reason := why_not("bubblewrap"):
        pytest.skip(reason)
    code = "import os; print(*sorted(name for name in os.listdir('/etc') if os.stat('/etc/' + name)))"
    names = Bubblewrap().run(["python", "-c", code], tmp_path, Limits()).stdout.split()
    assert "ld.so.cache" in names
    assert not {"passwd", "shadow", "resolv.conf", "hosts", "ssl"} & set(names)


def test_why_not_tells_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    reason = "bwrap is not installed; install it (apt install bubblewrap), or set execution.backend=docker"
    assert Bubblewrap().why_not() == reason


def test_why_not_tells_what_a_system_says_that_forbids_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    forbidden = tmp_path / "bwrap"
    forbidden.write_text("#!/bin/sh\necho 'setting up uid map: Permission denied' >&2\nexit 1\n")
    forbidden.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    reason = Bubblewrap().why_not()
    assert reason
    assert "setting up uid map: Permission denied" in reason
    assert "AppArmor" in reason
