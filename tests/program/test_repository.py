"""A repository on disk."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import program
from data.errors import FolderError
from program.repository import Repository, Statistics, write_text

ROOT = Path("repository")


@pytest.fixture
def repository() -> Repository:
    return Repository(ROOT)


def on_disk() -> list[str]:
    return sorted(path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*") if path.is_file())


def test_writes_files_in_folders_and_reads_them_back_in_order(repository):
    repository.write("src/b.py", "b = 1\n")
    repository.write("main.py", "a = 1\n")
    assert list(repository.files().items()) == [("main.py", "a = 1\n"), ("src/b.py", "b = 1\n")]


def test_files_are_utf8_with_the_line_ends_they_were_given(repository):
    repository.write("a.txt", "größe α 😀\r\nb\n")
    assert (ROOT / "a.txt").read_bytes() == "größe α 😀\r\nb\n".encode()


def test_a_file_is_replaced_and_nothing_else_is_left(repository):
    repository.write("a.py", "old = 1\n" * 1000)
    repository.write("a.py", "new = 1\n")
    assert on_disk() == ["a.py"]
    assert repository.files() == {"a.py": "new = 1\n"}


def test_files_can_be_read_by_everybody_and_run_by_nobody(repository):
    repository.write("a.sh", "ls\n")
    assert (ROOT / "a.sh").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("name", ["../a.py", "/tmp/a.py", ".git/hooks/pre-commit", "src/../../a.py", "a\\b", ""])
def test_a_path_that_leaves_the_repository_is_refused(repository, name):
    with pytest.raises(FolderError, match="not a path of the repository"):
        repository.write(name, "x")
    assert not ROOT.exists()


@pytest.mark.parametrize("name", ["link/a.py", "src/link/a.py", "src/file.py"])
def test_a_path_through_a_link_is_refused(repository, name):
    outside = Path("outside")
    outside.mkdir()
    (ROOT / "src").mkdir(parents=True)
    (ROOT / "link").symlink_to(outside.absolute())
    (ROOT / "src/link").symlink_to(outside.absolute())
    (ROOT / "src/file.py").symlink_to(outside.absolute() / "file.py")
    with pytest.raises(FolderError, match="is a link; remove it"):
        repository.write(name, "x")
    assert list(outside.iterdir()) == []


def test_links_hidden_files_and_binaries_are_not_among_the_files(repository):
    secrets = Path("secrets")
    secrets.mkdir()
    (secrets / "key.txt").write_text("secret")
    repository.write("main.py", "a = 1\n")
    (ROOT / "key.txt").symlink_to((secrets / "key.txt").absolute())
    (ROOT / "folder").symlink_to(secrets.absolute())
    (ROOT / ".git").mkdir()
    (ROOT / ".git/config").write_text("x")
    (ROOT / "data.bin").write_bytes(b"\xff\xfe\x00")
    os.mkfifo(ROOT / "pipe")
    assert repository.files() == {"main.py": "a = 1\n"}


def test_a_file_in_the_place_of_a_folder_is_one_clear_error(repository):
    repository.write("src", "x")
    with pytest.raises(FolderError, match=r"cannot write repository/src/a\.py: "):
        repository.write("src/a.py", "x")


def test_a_folder_in_the_place_of_a_file_is_one_clear_error(repository):
    (ROOT / "a.py").mkdir(parents=True)
    with pytest.raises(FolderError, match=r"cannot write repository/a\.py: "):
        repository.write("a.py", "x")
    assert on_disk() == []


FULL = """
import resource, sys
from pathlib import Path
from data.errors import FolderError
from program.repository import Repository
repository = Repository(Path("repository"))
repository.write("a.py", "old = 1")
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    repository.write("a.py", "new = 1" * 1000)
except FolderError as error:
    print(error)
"""


def test_a_full_disk_is_one_clear_error_and_the_old_file_stays():
    home = str(Path(program.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-c", FULL], env={**os.environ, "PYTHONPATH": home}, capture_output=True, text=True, check=True
    )
    assert done.stdout == "cannot write repository/a.py: File too large; make room or choose another --out\n"
    assert on_disk() == ["a.py"]
    assert (ROOT / "a.py").read_text() == "old = 1"


def test_a_device_without_room_is_one_clear_error():
    with pytest.raises(FolderError, match="cannot write /dev/full/a: "):
        write_text(Path("/dev/full/a"), "x")


def test_measures_files_lines_functions_and_tokens(repository):
    code = "import a\n\n\nclass C:\n    def f(self): ...\n\n    async def g(self):\n        def h(): ...\n"
    repository.write("src/a.py", code)
    repository.write("config.yaml", "def: 1\n")
    assert repository.statistics() == Statistics(files=2, lines=9, functions=3, tokens=(len(code) + 7) // 4)


@pytest.mark.parametrize("code", ["def f(:\n", "x = 1\0", "x = " + "-" * 100_000 + "1", "x" + ".y" * 100_000])
def test_measures_code_that_no_parser_takes(repository, code):
    repository.write("a.py", code)
    assert repository.statistics().functions == 0


def test_an_empty_repository_has_no_size(repository):
    repository.root.mkdir()
    assert repository.statistics() == Statistics(files=0, lines=0, functions=0, tokens=0)


# Anybody's repository


def test_what_is_left_out_is_named_with_the_reason(repository):
    repository.write("main.py", "a = 1\n")
    (ROOT / "out.py").symlink_to(Path("/etc/hostname"))
    (ROOT / "folder").symlink_to(Path("/etc"))
    (ROOT / "loop").symlink_to(ROOT.absolute())
    (ROOT / "nowhere").symlink_to("nothing")
    (ROOT / "data.bin").write_bytes(b"\x00")
    (ROOT / "utf16.txt").write_text("text", encoding="utf-16")
    os.mkfifo(ROOT / "pipe")
    with (ROOT / "weights.txt").open("wb") as file:
        file.truncate(50_000_000)
    listing = repository.read()
    assert list(listing.files) == ["main.py"]
    assert listing.left_out == {
        "data.bin": "binary",
        "folder": "a link",
        "loop": "a link",
        "nowhere": "a link",
        "out.py": "a link",
        "pipe": "not a regular file",
        "utf16.txt": "binary",
        "weights.txt": "larger than 1,000,000 bytes",
    }


def test_text_that_is_not_utf8_is_read(repository):
    ROOT.mkdir()
    (ROOT / "latin.py").write_bytes("# Größe\n".encode("latin-1"))
    (ROOT / "mark.py").write_bytes(b"\xef\xbb\xbfx = 1\n")
    assert repository.read().files == {"latin.py": "# Größe\n", "mark.py": "x = 1\n"}


@pytest.mark.parametrize(
    ("name", "shown"),
    [(b"a\nb.py", r"a\nb.py"), (b"a\xff.py", r"a\udcff.py"), (b"\x1b[2J.py", r"\x1b[2J.py"), (b"\t", r"\t")],
)
def test_a_name_that_is_not_printable_is_shown_by_its_escapes(repository, name, shown):
    ROOT.mkdir()
    (ROOT / os.fsdecode(name)).write_text("x = 1\n")
    listing = repository.read()
    assert (listing.files, listing.left_out) == ({}, {shown: "its name is not printable"})
    assert shown.isprintable()


def test_thousands_of_files_are_read_in_order(repository):
    names = [f"folder_{n % 7}/file_{n:04}.py" for n in range(5000)]
    for name in names:
        (ROOT / name).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / name).write_text("x = 1\n")
    assert list(repository.read().files) == sorted(names)


def test_source_is_read_before_data_if_there_is_no_room_for_both(repository):
    for number in range(70):
        repository.write(f"data/{number:02}.csv", "1" * 999_999)
    repository.write("src/main.py", "x = 1\n" * 100)
    listing = repository.read()
    assert "src/main.py" in listing.files
    assert sum(len(text) for text in listing.files.values()) <= 64_000_000
    assert len(listing.files) == 64
    assert set(listing.left_out.values()) == {"the repository holds more than 64,000,000 bytes of text"}


def test_folders_of_others_are_passed_over(repository):
    for folder in (".git", "node_modules", "__pycache__", "src/venv", "src/.venv", "mlruns", "mlartifacts/1"):
        (ROOT / folder).mkdir(parents=True)
        (ROOT / folder / "a.py").write_text("x = 1\n")
    repository.write("src/a.py", "x = 1\n")
    listing = repository.read()
    assert (list(listing.files), listing.left_out) == (["src/a.py"], {})


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_left_out(repository):
    repository.write("main.py", "x = 1\n")
    repository.write("closed/a.py", "x = 1\n")
    (ROOT / "main.py").chmod(0)
    (ROOT / "closed").chmod(0)
    try:
        listing = repository.read()
    finally:
        (ROOT / "closed").chmod(0o700)
    assert listing.left_out == {
        "closed": "a folder that cannot be read",
        "main.py": "cannot be read: Permission denied",
    }


def test_what_no_path_can_name_is_left_out(repository, monkeypatch):
    repository.write("main.py", "x = 1\n")
    here = Path.cwd()
    monkeypatch.chdir(ROOT)
    for _ in range(22):  # each name is allowed, all of them together are not
        Path("deep" * 50).mkdir()
        os.chdir("deep" * 50)
        Path("a.py").write_text("x = 1\n")
    os.chdir(here)
    listing = repository.read()
    assert "main.py" in listing.files
    assert len(listing.files) == 21
    assert len(listing.left_out) == 1
    assert next(iter(listing.left_out.values())).startswith(("cannot be read: File name too long", "a folder that"))


def test_a_file_is_no_repository_and_neither_is_nothing():
    Path("file").write_text("x")
    for root in ("file", "nowhere"):
        with pytest.raises(FolderError, match=f"no folder {root}; name the folder of a repository"):
            Repository(Path(root)).read()
