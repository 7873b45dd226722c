"""Traps for the host in what a run leaves behind, made by real hostile programs; nothing of them is copied out."""

import os
from pathlib import Path

import pytest

from data.errors import FolderError
from program.repository import Repository
from program.sandbox.copying import Copied, copy_in, copy_out, remove
from tests.program.sandbox.attack import END, Attacker


def leave_behind(attacker: Attacker, program: str, tmp_path: Path) -> tuple[Copied, Path]:
    """Run a program, and copy out what it wrote."""
    (tmp_path / "repository").mkdir(exist_ok=True)
    outcome = attacker.inside(program + "    end()")
    assert END in outcome.stdout, outcome
    out = tmp_path / "out"
    copied = copy_out(attacker.folder, out, Repository(tmp_path / "repository"))
    copied.files.remove(attacker.marker)
    (out / attacker.marker).unlink()
    return copied, out


def names(folder: Path) -> list[str]:
    """Return all that is in a folder, of whatever kind."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_no_link_to_the_host_is_followed(attacker: Attacker, tmp_path: Path):
    secret = tmp_path / "secret" / "key"
    secret.parent.mkdir()
    secret.write_text("secret")
    program = f"""
        os.symlink("{secret}", "result.txt")
        os.symlink("{secret.parent}", "results")
        os.symlink("/", "root")
        os.symlink("loop", "loop")
        open("real.txt", "w").write("mine")
    """
    copied, out = leave_behind(attacker, program, tmp_path)
    assert (attacker.folder / "result.txt").read_text() == "secret"  # whoever follows the link gets it
    assert names(out) == copied.files == ["real.txt"]
    assert copied.left_out["result.txt"] == "a link"


def test_no_file_with_a_second_name_is_copied(attacker: Attacker, tmp_path: Path):
    program = """
        open("one", "w").write("mine")
        os.link("one", "two")
        for path in ("/etc/ld.so.cache", "/launcher.py", os.__file__, "/proc/1/environ"):
            attempt(os.link, path, "stolen")
        open("real.txt", "w").write("mine")
    """
    copied, out = leave_behind(attacker, program, tmp_path)
    assert names(out) == ["real.txt"]
    assert copied.left_out == {"one": "it has a second name", "two": "it has a second name"}


def test_no_pipe_socket_or_device_stops_the_host(attacker: Attacker, tmp_path: Path):
    program = """
        os.mkfifo("metrics.json")
        socket.socket(socket.AF_UNIX).bind("socket")
        open("real.txt", "w").write("mine")
    """
    copied, out = leave_behind(attacker, program, tmp_path)
    assert names(out) == ["real.txt"]
    assert set(copied.left_out) == {"metrics.json", "socket"}


def test_nothing_that_git_obeys_is_copied(attacker: Attacker, tmp_path: Path):
    program = """
        for name in (".git/hooks", "sub/.GIT"):
            os.makedirs(name)
        open(".git/config", "w").write("[core]\\nfsmonitor = touch /tmp/mark")
        open(".git/hooks/post-checkout", "w").write("#!/bin/sh\\ntouch /tmp/mark")
        open("sub/.GIT/config", "w").write("mine")
        os.mkdir("other")
        open("other/.git", "w").write("gitdir: ../sneaky")
        open("real.txt", "w").write("mine")
    """
    copied, out = leave_behind(attacker, program, tmp_path)
    assert names(out) == copied.files == ["real.txt"]


def test_names_that_no_terminal_and_no_report_can_show_are_left_out(attacker: Attacker, tmp_path: Path):
    program = """
        for name in (b"a\\nb.txt", b"\\x1b[2J", b"\\xff.txt", b"real.txt"):
            open(name, "w").write("mine")
    """
    copied, out = leave_behind(attacker, program, tmp_path)
    assert names(out) == ["real.txt"]
    assert len(copied.left_out) == 3
    assert all(name.isprintable() for name in copied.left_out)


def test_large_files_and_too_much_of_small_ones_stay_behind(tmp_path: Path):
    (tmp_path / "work").mkdir()
    sizes = {"large": 100, **{f"part-{number:02}": 50 for number in range(12)}}
    for name, megabytes in sizes.items():
        with (tmp_path / "work" / name).open("wb") as file:
            file.truncate(megabytes << 20)
    copied = copy_out(tmp_path / "work", tmp_path / "out", Repository(tmp_path / "before"))
    assert copied.files == [f"part-{number:02}" for number in range(10)]
    assert copied.left_out["large"] == "larger than 64 MB"
    assert copied.left_out["part-11"] == "the run has written more than 512 MB"


def test_folders_too_deep_for_the_system_are_left_out_and_removed(attacker: Attacker, tmp_path: Path):
    program = """
        open("real.txt", "w").write("mine")
        os.mkdir("wide")
        for _ in range(1200):
            os.mkdir("abc")
            os.chdir("abc")
        open("hidden", "w").write("mine")
    """
    copied, _ = leave_behind(attacker, program, tmp_path)
    assert copied.files == ["real.txt"]
    remove(attacker.folder)
    assert not attacker.folder.exists()


def test_a_folder_that_was_closed_is_removed_and_nothing_behind_a_link_is(attacker: Attacker, tmp_path: Path):
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "file").touch()
    program = f"""
        os.makedirs("closed/inner")
        open("closed/inner/file", "w").close()
        os.symlink("{tmp_path / "kept"}", "closed/inner/link")
        os.chmod("closed/inner", 0)
        os.chmod("closed", 0)
    """
    leave_behind(attacker, program, tmp_path)
    remove(attacker.folder)
    assert not attacker.folder.exists()
    assert (tmp_path / "kept" / "file").exists()


def test_what_was_there_before_is_not_copied_out_unless_it_was_changed(tmp_path: Path):
    before, work = tmp_path / "repository", tmp_path / "work"
    before.mkdir()
    for name in ("same.py", "changed.py", "longer.py"):
        (before / name).write_text("a = 1\n")
    assert sorted(copy_in(before, work).files) == ["changed.py", "longer.py", "same.py"]
    (work / "changed.py").write_text("a = 2\n")
    (work / "longer.py").write_text("a = 1\n\n")
    (work / "new.txt").write_text("")
    assert sorted(copy_out(work, tmp_path / "out", Repository(before)).files) == ["changed.py", "longer.py", "new.txt"]


def test_a_repository_comes_in_without_links_and_with_its_rights(tmp_path: Path):
    repository, work = tmp_path / "repository", tmp_path / "work"
    repository.mkdir()
    (tmp_path / "secret").write_text("secret")
    (repository / "link").symlink_to(tmp_path / "secret")
    (repository / "run.sh").write_text("true\n")
    (repository / "run.sh").chmod(0o700)
    copied = copy_in(repository, work)
    assert copied == Copied(["run.sh"], {"link": "a link"})
    assert os.access(work / "run.sh", os.X_OK)
    with pytest.raises(FolderError, match="no folder"):
        copy_in(tmp_path / "nowhere", work)
