"""The command `execute`: repositories in the sandbox."""

import json
import shutil
from pathlib import Path

import pytest
from mlflow import MlflowClient

from data.errors import FolderError, SandboxError
from experiments.benchmarks.simulated import Server, sections
from experiments.config import load_config
from experiments.executing.execute import execute_repository
from experiments.executing.report import lines, load
from program.execution.command import Commands
from program.execution.executor import Executor
from program.execution.report import Report
from program.sandbox.bubblewrap import Bubblewrap
from tests.experiments.executing.repositories import CONFIG, FAILS, MODEL, PAPER, WORKS, need_sandbox, write
from tests.experiments.runs import configure, papercoder


@pytest.fixture(autouse=True)
def _sandbox(paper: Path) -> None:
    need_sandbox()
    paper.write_text(PAPER)


def execute(
    command: str | None = None,
    full: bool = False,
    paper: str | None = "paper.md",
    tracked: bool = False,
    out: str = "out",
) -> Report:
    config = load_config(overrides=[f"tracking.enabled={str(tracked).lower()}", "execution.cache=cache"])
    return execute_repository(Path("repository"), paper, command, full, Path(out), config)[0]


def test_the_quick_mode_runs_first_and_alone() -> None:
    write({"main.py": WORKS, "config.yaml": CONFIG})
    report = execute()
    assert (report.status, [run.command for run in report.runs]) == ("ran", ["python main.py --quick"])
    assert report.quick
    told = list(lines(report))
    assert told[0].startswith("ran: python main.py --quick (")
    assert any("they say nothing about the paper" in line for line in told)
    assert not any("within tolerance" in line or "*" in line for line in told)


def test_all_experiments_follow_where_they_are_allowed_and_their_results_are_held_against_the_paper() -> None:
    write({"main.py": WORKS, "config.yaml": CONFIG})
    report = execute(full=True)
    assert [run.command for run in report.runs] == ["python main.py --quick", "python main.py"]
    assert [(one.stated, one.obtained, one.within) for one in report.comparisons] == [
        (0.1, 0.1, True),
        (0.2, 0.3, False),
        (0.5, 0.45, True),
        (0.6, 0.61, True),
    ]
    told = list(lines(report))
    assert "  Table 1 (table_1.csv): 4 of 4 stated results obtained, 3 within tolerance" in told
    assert told[-3:] == [
        "          Easy        Hard",
        "    Ours  0.1 / 0.1   0.2 / 0.3*",
        "    Base  0.5 / 0.45  0.6 / 0.61",
    ]
    assert load(Path("out")) == report
    assert Path("out/produced/2/table_1.csv").is_file()
    assert "3 within tolerance" in Path("out/execution.md").read_text()


def test_without_a_paper_nothing_is_compared() -> None:
    write({"main.py": WORKS})
    assert execute(paper=None).comparisons == ()


def test_after_a_failure_nothing_more_runs() -> None:
    write({"main.py": FAILS, "model.py": MODEL, "config.yaml": CONFIG})
    report = execute(full=True)
    assert (report.status, len(report.runs)) == ("failed", 1)
    assert report.runs[0].failure
    assert report.runs[0].failure.kind == "name"
    assert list(lines(report))[1:3] == [
        "  name: NameError: name 'numbr' is not defined. Did you mean: 'number'?, at model.py:2 in count",
        "  reading it found: model.py: line 2 Undefined name `numbr`",
    ]


def test_missing_data_is_named_before_the_run(capsys: pytest.CaptureFixture[str]) -> None:
    write({"main.py": "open('data/train.csv')\n"})
    report = execute()
    assert report.missing_data == ("data/train.csv",)
    told = capsys.readouterr().err
    assert told.index("missing data: data/train.csv") < told.index("running python main.py")


def test_no_entry_point_is_refused_with_what_to_do() -> None:
    write({"lib.py": "print(1)\n"})
    report = execute()
    assert (report.status, report.runs) == ("refused", ())
    assert "name a command with --command" in next(lines(report))
    assert execute("python lib.py", out="again").status == "ran"
    assert execute("", out="none").status == "refused"


def test_a_package_that_cannot_be_installed_is_a_finding() -> None:
    Path("wheels").mkdir()
    write({"main.py": "import absent_package\n", "requirements.txt": "absent-package\n-e ./evil\n"})
    config = load_config(overrides=["tracking.enabled=false", "execution.cache=cache", "execution.wheelhouse=wheels"])
    report, _ = execute_repository(Path("repository"), None, None, False, Path("out"), config)
    assert report.status == "failed"
    assert any("absent-package" in finding and "cannot be installed" in finding for finding in report.findings)
    assert any("line 2" in finding for finding in report.findings)


def test_figures_tags_and_files_are_in_mlflow(store: Path) -> None:
    write({"main.py": WORKS, "config.yaml": CONFIG})
    execute(full=True, tracked=True)
    client = MlflowClient(f"sqlite:///{store}")
    experiment = client.get_experiment_by_name("papercoder")
    assert experiment
    (run,) = client.search_runs([experiment.experiment_id], "tags.`execution.status` = 'ran'")
    assert run.data.metrics["execution.ran"] == 1
    assert run.data.metrics["execution.results.within"] == 3
    assert run.data.metrics["obtained.accuracy"] == 0.75
    files = {item.path for item in client.list_artifacts(run.info.run_id, "execution")}
    assert {"execution/execution.json", "execution/execution.md", "execution/1.stdout.txt"} <= files
    assert client.search_runs([experiment.experiment_id], "metrics.`execution.ran` = 0") == []


def test_made_up_data_is_used_only_where_asked_for_and_labelled(server: Server) -> None:
    write({"main.py": WORKS + "print(len(open('data/train.csv').read()))\n"})
    config = configure(server, execution__cache="cache")
    without, _ = execute_repository(Path("repository"), "paper.md", None, False, Path("without"), config)
    assert (without.status, without.stand_ins) == ("failed", ())
    assert server.asks == []
    program = "import os\nos.makedirs('data')\nopen('data/train.csv', 'w').write('1,2,3')\n"
    server.model.answers["stand_ins"] = lambda ask: sections({"program": program})
    report, folder = execute_repository(Path("repository"), "paper.md", None, False, Path("out"), config, True)
    assert (report.status, report.stand_ins) == ("ran", ("data/train.csv",))
    told = list(lines(report))
    assert "  made-up data stands in for: data/train.csv" in told
    assert any("obtained from made-up data: they say nothing" in line for line in told)
    assert "No published data" in (folder / "with_stand_ins/MADE_UP_DATA.md").read_text()
    assert sorted(path.name for path in Path("repository").iterdir()) == ["main.py"]


def test_a_program_for_made_up_data_that_fails_is_an_error(server: Server) -> None:
    write({"main.py": "open('data/train.csv')\n"})
    server.model.answers["stand_ins"] = lambda ask: sections({"program": "raise SystemExit('no')\n"})
    with pytest.raises(SandboxError, match="stand-ins failed"):
        execute_repository(
            Path("repository"), None, None, False, Path("out"), configure(server, execution__cache="cache"), True
        )


def test_the_command_says_how_it_went_by_its_exit_code() -> None:
    write({"main.py": WORKS})
    options = ("--set", "tracking.enabled=false", "--set", "execution.cache=cache")
    done = papercoder("execute", "repository", "--out", "out", *options)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (
        0,
        "  out/execution.md has the report, out/produced what was written",
    )
    write({"main.py": "raise SystemExit(3)\n"})
    done = papercoder("execute", "repository", *options)
    assert done.returncode == 1
    assert "exit code 3" in done.stdout
    assert Path("executions/repository/execution.json").is_file()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("execute", "nowhere"), "error: no folder nowhere; name the folder of a repository"),
        (("execute", "repository", "--paper", "absent.md"), "error: "),
        (("execute", "repository", "--set", "execution.backend=chroot"), "execution.backend"),
        (("execute", "repository", "--set", "execution.limits.memory=1"), "did you mean 'memory_mb'?"),
        (("execute", "repository", "--set", "execution.backend=docker"), "generated code is never run outside of one"),
    ],
)
def test_what_a_user_does_wrong_is_told_in_one_line(arguments: tuple[str, ...], message: str) -> None:
    write({"main.py": WORKS})
    if "docker" in arguments[-1] and shutil.which("docker"):
        arguments = (*arguments, "--set", "execution.image=there-is-no-such-image")
    done = papercoder(*arguments, "--set", "tracking.enabled=false")
    assert done.returncode == 1
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_a_damaged_report_is_an_error() -> None:
    write({"execution.json": json.dumps({"status": "perhaps"})}, "out")
    with pytest.raises(FolderError, match="execute again"):
        load(Path("out"))


def test_a_folder_with_an_earlier_report_is_refused() -> None:
    write({"main.py": WORKS})
    execute()
    with pytest.raises(FolderError, match="out holds something else"):
        execute()


def test_the_commands_of_the_full_run_find_what_those_before_them_wrote() -> None:
    write(
        {
            "train.py": "open('model.txt', 'w').write('1')\n",
            "evaluate.py": "print('size:', len(open('model.txt').read()))\n",
        }
    )
    executor = Executor(Bubblewrap(), Path("cache"))
    report = executor.execute(
        Path("repository"), Path("out"), Commands(None, ("python train.py", "python evaluate.py"))
    )
    assert (report.status, report.runs[-1].metrics) == ("ran", {"size": 1.0})
    assert sorted(path.name for path in Path("repository").iterdir()) == ["evaluate.py", "train.py"]


def test_nothing_but_its_requirements_is_installed() -> None:
    write(
        {"main.py": "try:\n    import pip\nexcept ImportError:\n    raise SystemExit(0)\nraise SystemExit('it is')\n"}
    )
    assert execute().status == "ran"


def test_packages_below_src_are_found() -> None:
    write({"main.py": "import proj\n\nprint('value:', proj.VALUE)\n", "src/proj/__init__.py": "VALUE = 7\n"})
    assert execute().runs[0].metrics == {"value": 7.0}


@pytest.mark.parametrize(
    ("files", "command"),
    [
        ({"run.sh": "#!/bin/bash\nset -o pipefail\nvalues=(1 2)\necho ${values[1]}\n"}, None),
        ({"proj/__main__.py": "print(1)\n", "proj/__init__.py": ""}, None),
        ({"main.py": "import os\n\nassert os.environ['SIZE'] == '3'\n"}, "SIZE=3 python main.py"),
    ],
)
def test_entry_points_of_other_kinds_run(files: dict[str, str], command: str | None) -> None:
    write(files)
    assert execute(command).status == "ran"


@pytest.mark.parametrize("config", ["released: 2024-13-45\n", "data: &a [*a]\n", "{", "- 1\n"])
def test_settings_of_odd_kinds_are_no_error(config: str) -> None:
    write({"main.py": WORKS, "config.yaml": config})
    assert execute().status == "ran"


def test_what_a_program_prints_neither_moves_the_cursor_nor_breaks_the_tracking(store: Path) -> None:
    write({"main.py": "print('acc/: 0.5')\nprint('../x: 1')\nraise ValueError('\\x1b[2J\\rran: python main.py')\n"})
    report = execute(tracked=True)
    assert report.status == "failed"
    assert all(line.isprintable() for line in lines(report))


@pytest.mark.parametrize("cache", ["/proc/x", "main.md"])
def test_a_cache_that_cannot_be_used_is_one_line(cache: str) -> None:
    Path("main.md").touch()
    write({"main.py": WORKS, "requirements.txt": "pyyaml\n"})
    done = papercoder("execute", "repository", "--set", f"execution.cache={cache}", "--set", "tracking.enabled=false")
    assert done.returncode == 1
    assert "choose another execution.cache" in done.stderr
    assert "Traceback" not in done.stderr
    assert "missing packages" in papercoder("doctor", "--set", f"execution.cache={cache}").stdout
