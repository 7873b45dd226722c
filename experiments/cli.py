"""The command line: `papercoder`."""

import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from data.errors import PaperCoderError

if TYPE_CHECKING:
    from experiments.config import Config
    from experiments.state import RunState

STAGES = click.Choice(["planning", "analysis", "coding"])


def _options_of_a_command(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that choose configuration and backbone."""
    for option in (
        click.option(
            "-c",
            "--config",
            "files",
            multiple=True,
            type=click.Path(path_type=Path),
            help="A YAML file, over the defaults and earlier ones.",
        ),
        click.option(
            "--set",
            "overrides",
            multiple=True,
            metavar="KEY=VALUE",
            help="One setting, e.g. backbones.vllm.model=openai/my-model.",
        ),
        click.option("--backbone", help="The language model; `papercoder backbones` lists them."),
    ):
        command = option(command)
    return command


def _options_of_a_run(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add these, and where a run stops."""
    stop = click.option("--stop-after", type=STAGES, help="Stop after this stage; `papercoder resume` goes on.")
    return _options_of_a_command(stop(command))


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="papercoder")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def papercoder(debug: bool) -> None:
    """Read a machine-learning paper and write the code repository that implements it."""


@papercoder.command()
@click.argument("paper")
@click.option("--out", type=click.Path(path_type=Path), help="Folder of the run; by default one under runs/.")
@click.option(
    "--program", "compiled", type=click.Path(path_type=Path), help="A program that `papercoder compile` made."
)
@click.option("--execute", is_flag=True, help="Check the repository, have it mended once, and run it in a sandbox.")
@_options_of_a_run
def run(
    paper: str, out: Path | None, compiled: Path | None, execute: bool, stop_after: str | None, **choice: Any
) -> None:
    """Write the repository of PAPER.

    PAPER is a Markdown, PDF, LaTeX, s2orc JSON or arXiv HTML file, a folder with LaTeX, an arXiv id or address, or the
    name of a bundled sample.
    """
    from data.samples import find_sample
    from experiments.run import start_run

    stop: Any = stop_after or "coding"
    if execute and stop != "coding":
        raise click.UsageError("--execute needs the whole repository; leave out --stop-after")
    _report(start_run(find_sample(paper) or paper, out, _config(**choice), stop, compiled, execute))


@papercoder.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--execute", is_flag=True, help="Check the repository, have it mended once, and run it in a sandbox.")
@_options_of_a_run
def resume(folder: Path, execute: bool, stop_after: str | None, **choice: Any) -> None:
    """Go on with the run in FOLDER where it stopped, from its files as they are now."""
    from experiments.run import resume_run
    from experiments.state import RunState

    state = RunState.load(folder)
    config = _config(**choice, earlier=state.config)
    _report(resume_run(folder, state, config, stop_after or "coding", execute))  # type: ignore[arg-type]


@papercoder.command()
@click.argument("repository", type=click.Path(path_type=Path), required=False)
@click.option("--paper", help="As `papercoder run` takes it; by default that of the run which wrote the repository.")
@click.option("--reference", type=click.Path(path_type=Path), help="The authors' repository, to compare with.")
@click.option("--components", type=click.Path(path_type=Path), help="A components.yaml, ours or yours, to judge by.")
@click.option("--out", type=click.Path(path_type=Path), help="Folder of the verdict; by default one under verdicts/.")
@click.option("--self-test", is_flag=True, help="Judge repositories that deserve nothing instead, by both protocols.")
@_options_of_a_command
def judge(
    repository: Path | None,
    paper: str | None,
    reference: Path | None,
    components: Path | None,
    out: Path | None,
    self_test: bool,
    **choice: Any,
) -> None:
    """Judge how correctly REPOSITORY implements its paper.

    REPOSITORY is any folder with code, or the folder of a run. The same command again goes on where an earlier one
    stopped.
    """
    from experiments.judge import judge_repository
    from experiments.self_test import run_self_test

    if self_test and (repository or paper or reference or components):
        raise click.UsageError("--self-test judges repositories of its own; leave out REPOSITORY and what goes with it")
    config = _config(**choice)
    if self_test:
        for line in run_self_test(config, out):
            click.echo(line)
        return
    if repository is None:
        raise click.UsageError("name a REPOSITORY, or give --self-test")
    for line in judge_repository(repository, paper, reference, components, out, config):
        click.echo(line)


@papercoder.command()
@click.argument("repository", type=click.Path(path_type=Path))
@click.option("--paper", help="As `papercoder run` takes it, to hold results against; by default that of the run.")
@click.option("--command", help="What to run, e.g. 'python main.py --quick'; by default as planned, or main.py.")
@click.option("--full", is_flag=True, help="Run all experiments after the quick mode.")
@click.option("--stand-ins", is_flag=True, help="Have made-up data put in place of files that are missing.")
@click.option("--out", type=click.Path(path_type=Path), help="Folder of the report.")
@_options_of_a_command
def execute(
    repository: Path,
    paper: str | None,
    command: str | None,
    full: bool,
    stand_ins: bool,
    out: Path | None,
    **choice: Any,
) -> None:
    """Run REPOSITORY in a sandbox: its quick mode first.

    REPOSITORY is any folder with code, or the folder of a run. It stays as it is; exit code 1 says that it did not run.
    """
    from experiments.executing.execute import execute_repository
    from experiments.executing.report import lines

    report, folder = execute_repository(repository, paper, command, full, out, _config(**choice), stand_ins)
    for line in lines(report):
        click.echo(line)
    click.echo(f"  {folder}/execution.md has the report, {folder}/produced what was written")
    if report.status != "ran":
        sys.exit(1)


@papercoder.command()
@click.argument("repository", type=click.Path(path_type=Path))
@click.option("--paper", help="As `papercoder run` takes it; by default that of the run which wrote the repository.")
@click.option("--command", help="What has to run; by default the quick mode, or else the entry point.")
@click.option("--out", type=click.Path(path_type=Path), help="Its folder; by default one under debugging/.")
@_options_of_a_command
def debug(repository: Path, paper: str | None, command: str | None, out: Path | None, **choice: Any) -> None:
    """Repair a copy of REPOSITORY until it runs in the sandbox.

    The same command again goes on where an earlier one stopped; exit code 1 says that it does not run.
    """
    from experiments.executing.debug import debug_repository, lines_of

    done, folder = debug_repository(repository, paper, command, out, _config(**choice))
    for line in lines_of(done, folder):
        click.echo(line)
    if done.status != "ran":
        sys.exit(1)


@papercoder.command()
@click.argument("spec", metavar="CONFIG.yaml", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="Its folder; by default runs/experiments/<name>.")
@click.option("--record", type=click.Path(path_type=Path), help="Also write all answers to this one transcript.")
@_options_of_a_command
def experiment(spec: Path, out: Path | None, record: Path | None, **choice: Any) -> None:
    """Compare methods on papers, as CONFIG.yaml says; the same command again does what is missing."""
    from experiments.grid.run import explain_failures, refuse_existing, run_experiment, write_recording
    from experiments.grid.spec import load_spec

    plan = load_spec(spec)
    if choice["backbone"] and plan.backbones and plan.judges:
        raise click.UsageError(f"{spec} names its own `backbones` and `judges`; change them there, not by --backbone")
    if record:
        refuse_existing(record)  # before anything is spent
    cells, report, folder = run_experiment(plan, _config(**choice, earlier=plan.config), out)
    for table in report.tables.values():
        click.echo(table.markdown())
    click.echo(f"{folder}/report has the tables as Markdown, CSV and LaTeX, and the figures")
    if record:
        click.echo(f"{write_recording(folder, record)} answers are in {record}")
    if error := explain_failures(cells, folder):
        raise error


@papercoder.command("compile")
@click.option("--out", type=click.Path(path_type=Path), help="Its folder; by default one under compiled/.")
@_options_of_a_command
def compile_prompts(out: Path | None, **choice: Any) -> None:
    """Optimize the prompts against the judge, on the papers and within the budget of the configuration (compile).

    The same command again goes on where an earlier one stopped.
    """
    from experiments.compiling.outcome import describe
    from experiments.compiling.run import compile_program

    for line in describe(*compile_program(_config(**choice), out)):
        click.echo(line)


@papercoder.command()
@click.argument("paper")
@click.option("--out", type=click.Path(path_type=Path), help="Folder of the run; by default one under runs/.")
@_options_of_a_command
def compile_and_run(paper: str, out: Path | None, **choice: Any) -> None:
    """Optimize the prompts as the configuration says, then write the repository of PAPER with them."""
    from data.samples import find_sample
    from experiments.compiling.outcome import describe
    from experiments.compiling.run import compile_program
    from experiments.run import start_run

    config = _config(**choice)
    compiled, path = compile_program(config, None)
    for line in describe(compiled, path):
        click.echo(line)
    _report(start_run(find_sample(paper) or paper, out, config, "coding", path))


@papercoder.group()
def program() -> None:
    """Read compiled programs."""


@program.command()
@click.argument("file", type=click.Path(path_type=Path))
def show(file: Path) -> None:
    """Show how FILE came about, and how its instructions differ from the default ones."""
    from experiments.compiling.outcome import describe
    from optimizers.compiled import CompiledProgram, default_candidate, show_difference

    compiled = CompiledProgram.load(file)
    for line in describe(compiled, file):
        click.echo(line)
    click.echo("")
    for line in show_difference(default_candidate(), compiled.candidate, ("default", file.name)):
        click.echo(line)


@program.command()
@click.argument("before", type=click.Path(path_type=Path))
@click.argument("after", type=click.Path(path_type=Path))
def diff(before: Path, after: Path) -> None:
    """Show how the instructions of AFTER differ from those of BEFORE."""
    from optimizers.compiled import CompiledProgram, show_difference

    one, other = CompiledProgram.load(before), CompiledProgram.load(after)
    for line in show_difference(one.candidate, other.candidate, (str(before), str(after))):
        click.echo(line)


@papercoder.command()
@click.option("--check", metavar="NAME", help="Make one tiny call to this backbone.")
@click.option(
    "-c", "--config", "files", multiple=True, type=click.Path(path_type=Path), help="A YAML file over the defaults."
)
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="One setting.")
def backbones(check: str | None, files: tuple[Path, ...], overrides: tuple[str, ...]) -> None:
    """List the backbones, and say which have their key set."""
    from experiments.backbones.listing import check_backbone, list_backbones

    config = _config(files, overrides)
    for line in [check_backbone(config, check)] if check else list_backbones(config):
        click.echo(line)


@papercoder.command()
@_options_of_a_command
def doctor(**choice: Any) -> None:
    """Try everything that a run needs: sandboxes, packages, tools, room; exit code 1 if something is missing."""
    from experiments.executing.doctor import examine

    missing = False
    for finding in examine(_config(**choice)):
        click.echo(finding.line)
        missing |= finding.state == "missing"
    if missing:
        sys.exit(1)


@papercoder.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=5000, show_default=True)
def ui(host: str, port: int) -> None:
    """Open the MLflow server on the runs of this folder."""
    from experiments.tracking import serve, store

    click.echo(f"MLflow on {store()}: open http://{host}:{port} in a browser; Ctrl-C ends it")
    serve(host, port)


def _config(
    files: tuple[Path, ...] = (),
    overrides: tuple[str, ...] = (),
    backbone: str | None = None,
    earlier: dict[str, Any] | None = None,
) -> "Config":
    from experiments.config import load_config

    named = [f"backbone={backbone}"] if backbone else []
    return load_config(files, [*overrides, *named], base=earlier)


def _report(state: "RunState") -> None:
    """Say where everything is."""
    from experiments.progress import clock

    folder, totals = Path(state.folder), state.totals
    click.echo(f"{state.status}: {state.title}")
    for notice in state.notices:
        click.echo(f"  notice: {notice}")
    cost = "" if totals.cost is None else f", ${totals.cost:.2f}"
    click.echo(
        f"  {totals.calls} calls ({totals.asked_again} asked again), {totals.prompt_tokens:,} prompt tokens "
        f"({totals.cached_tokens:,} cached), {totals.completion_tokens:,} completion tokens{cost}, "
        f"{clock(state.seconds)}"
    )
    if state.status == "stopped":
        click.echo(f"  edit {folder}/planning (config.yaml above all), then `papercoder resume {folder}`")
        return
    if state.statistics:
        size = state.statistics
        click.echo(
            f"  repository: {folder}/repository ({size.files} files, {size.lines} lines, {size.functions} functions)"
        )
    click.echo(f"  read {folder}/repository/README.md first; {folder}/planning and {folder}/analysis say why it is so")
    if state.execution:
        _report_execution(state)
    if state.mlflow_run:
        click.echo("  `papercoder ui` shows the run, its prompts and its artifacts in a browser")
    if state.execution in ("failed", "timed out", "refused"):
        sys.exit(1)


def _report_execution(state: "RunState") -> None:
    """Say what came of the execution."""
    from experiments.executing.report import lines, load

    if state.execution.startswith("not executed"):
        click.echo(f"  {state.execution}")
    if state.execution_folder is None:
        return
    folder = Path(state.execution_folder)
    click.echo(f"  execution: {folder}/execution.md has the report, {folder}/produced what was written")
    for line in lines(load(folder)):
        click.echo(f"  {line}")


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def main() -> None:
    """Run the command line; every error that a user can cause is one line."""
    from experiments.environment import prepare_environment

    prepare_environment()
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):  # Windows has no SIGHUP
            signal.signal(getattr(signal, name), _interrupt)
    try:
        papercoder(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except PaperCoderError as error:
        if "--debug" in sys.argv:
            raise
        click.echo("error: " + "; ".join([str(error), *getattr(error, "__notes__", [])]), err=True)
        sys.exit(1)
    except (KeyboardInterrupt, click.Abort) as error:
        from experiments.progress import say_last

        notes = getattr(error, "__notes__", None) or getattr(error.__cause__ or error.__context__, "__notes__", [])
        say_last("; ".join(["interrupted", *notes]))
        with suppress(OSError):
            sys.stdout.flush()
        os._exit(130)  # threads that wait for an answer would keep the process alive until it comes


if __name__ == "__main__":
    main()
