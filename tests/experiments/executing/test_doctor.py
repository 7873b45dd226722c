"""The command `doctor`: what a run needs, tried for real."""

from pathlib import Path

from tests.experiments.executing.repositories import need_sandbox
from tests.experiments.runs import papercoder
from tests.program.sandbox.wheels import make_wheel

KEYS = {"OPENAI_API_KEY": "", "ANTHROPIC_API_KEY": "", "GEMINI_API_KEY": "", "OPENROUTER_API_KEY": ""}


def states(stdout: str) -> dict[str, str]:
    found = [line.split(maxsplit=1) for line in stdout.splitlines()]
    return {text.partition(":")[0]: state for state, text in found}


def test_a_machine_that_has_everything_is_found_well() -> None:
    need_sandbox()
    make_wheel(Path("wheels"), "pyyaml")
    done = papercoder("doctor", "--set", "execution.wheelhouse=wheels", env=KEYS)
    found = states(done.stdout)
    assert (found["sandbox bubblewrap (in use)"], found["its walls"]) == ("ok", "ok")
    assert [found[name] for name in ("Python", "packages", "static checks", "MLflow")] == ["ok"] * 4
    assert found["backbone"] == "note"
    assert done.returncode == (1 if found["room"] == "missing" else 0)


def test_what_is_missing_is_named_with_what_to_do_and_the_exit_code_says_so() -> None:
    Path("wheels").mkdir()
    done = papercoder("doctor", "--set", "execution.wheelhouse=wheels", env={**KEYS, "PATH": ""})
    assert done.returncode == 1
    found = states(done.stdout)
    assert (found["sandbox bubblewrap (in use)"], found["packages"]) == ("missing", "missing")
    assert "apt install bubblewrap" in done.stdout
    assert "set execution.wheelhouse to a folder of wheels" in done.stdout
    assert "its walls" not in found


def test_a_backbone_without_its_key_is_named() -> None:
    Path("wheels").mkdir()
    done = papercoder("doctor", "--backbone", "openai", "--set", "execution.wheelhouse=wheels", env=KEYS)
    assert "missing backbone: openai: its key is not set" in done.stdout
