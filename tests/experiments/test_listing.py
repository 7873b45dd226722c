"""`papercoder backbones`: what there is, and whether it answers."""

import re

import pytest

from data.errors import BackboneError, ConfigError, EmptyAnswer
from experiments.backbones.listing import check_backbone, list_backbones
from experiments.benchmarks.simulated import Server, completion, failure
from experiments.config import load_config
from tests.experiments.runs import configure, papercoder


def test_every_backbone_has_a_line_that_says_whether_it_can_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", "k-123")
    lines = {line.split()[0]: line for line in list_backbones(load_config())}
    assert set(lines) == set(load_config().backbones)
    assert "GEMINI_API_KEY set" in lines["gemini"]
    assert "OPENAI_API_KEY not set" in lines["openai"]
    assert "no key needed" in lines["vllm"]
    assert "at http://localhost:8000/v1" in lines["vllm"]
    assert not any("k-123" in line for line in lines.values())


def test_a_check_tells_the_answer_and_how_long_it_took(server: Server) -> None:
    line = check_backbone(configure(server), "simulated")
    assert re.fullmatch(r"simulated: answered 'ready' in \d+\.\d\d s \(openai/simulated\)", line)
    assert len(server.asks) == 1


def test_a_check_that_fails_says_why_after_one_attempt(server: Server) -> None:
    server.always = failure(503, "overloaded", Retry_After="30")
    with pytest.raises(BackboneError, match=r"overloaded \(HTTP 503\)"):
        check_backbone(configure(server, backbones__simulated__retries=5), "simulated")
    assert len(server.asks) == 1


def test_a_check_of_a_backbone_that_says_nothing_names_what_was_asked(server: Server) -> None:
    server.always = completion("")
    with pytest.raises(EmptyAnswer, match=r"\(check: one word\)"):
        check_backbone(configure(server), "simulated")


def test_a_check_names_the_key_that_is_missing() -> None:
    with pytest.raises(ConfigError, match="set OPENAI_API_KEY in the environment"):
        check_backbone(load_config(), "openai")


def test_a_check_of_an_unknown_backbone_names_what_was_meant() -> None:
    with pytest.raises(ConfigError, match="'opnai': did you mean 'openai'"):
        check_backbone(load_config(), "opnai")


@pytest.mark.parametrize("name", ["recorded", "mailbox"])
def test_backbones_of_files_have_nothing_to_check(name: str) -> None:
    assert check_backbone(load_config(), name) == f"{name}: nothing to call; it answers from files"


def test_the_command_lists_and_checks(server: Server) -> None:
    listed = papercoder("backbones", server=server)
    assert listed.returncode == 0
    assert "openai/simulated at http://127.0.0.1" in listed.stdout
    checked = papercoder("backbones", "--check", "simulated", server=server)
    assert (checked.returncode, checked.stderr) == (0, "")
    server.always = failure(404, "no such model")
    refused = papercoder("backbones", "--check", "simulated", server=server)
    assert refused.returncode == 1
    assert refused.stderr.startswith("error: backbone 'simulated': ")
    assert refused.stderr.count("\n") == 1
