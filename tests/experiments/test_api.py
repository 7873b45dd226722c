"""What providers answer, and what becomes of it: a real server on loopback."""

import json
import socket
from pathlib import Path

import pytest

from data.errors import BackboneError, EmptyAnswer, PaperCoderError, TruncatedAnswer
from experiments.benchmarks.simulated import Ask, Reply, Server, completion, failure
from experiments.config import load_config
from experiments.run import start_run
from tests.experiments.runs import resume, run, simulated, state

KEY = "sk-secret-81b7d6e2"


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Set a key, and return the setting that names it."""
    monkeypatch.setenv("SIMULATED_KEY", KEY)
    return {"backbones__simulated__key": "SIMULATED_KEY"}


def error_of(server: Server, kind: type[PaperCoderError] = BackboneError, **more: object) -> str:
    """Run into an error; return its line after holding it against `run.json`."""
    with pytest.raises(kind) as caught:
        run(server, stop_after="planning", **more)
    message = str(caught.value)
    assert "\n" not in message
    assert KEY not in message
    assert (state().status, state().error) == ("failed", message)
    return message


def test_a_refused_key_is_one_line_that_names_its_variable_only(server: Server, key: dict[str, str]) -> None:
    server.replies[0] = failure(401, f"Incorrect API key provided: {KEY}.")
    message = error_of(server, **key)
    assert "HTTP 401" in message
    assert "check the key in SIMULATED_KEY" in message
    assert "Incorrect API key provided: ***" in message
    assert len(server.asks) == 1


def test_a_server_that_asks_for_a_key_where_none_is_named_says_how_to_name_one(server: Server) -> None:
    server.always = failure(401, "You must provide an API key")
    assert "set backbones.simulated.key to the name of the variable that holds it" in error_of(server)


def test_the_key_goes_to_the_server_without_blanks_around_it(
    server: Server, key: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIMULATED_KEY", f" {KEY}\n")
    run(server, stop_after="planning", **key)
    assert {ask.authorization for ask in server.asks} == {f"Bearer {KEY}"}


def test_a_server_without_a_key_of_its_own_gets_none_of_another_provider(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    run(server, stop_after="planning")
    assert not any(KEY in ask.authorization for ask in server.asks)


@pytest.mark.parametrize("wait", ["0", "0.02"])
def test_a_rate_limit_is_waited_out_as_told(server: Server, wait: str) -> None:
    server.replies[0] = server.replies[1] = failure(429, "slow down", Retry_After=wait)
    assert run(server, stop_after="planning", backbones__simulated__retries=2).status == "stopped"
    assert len(server.asks) == 4 + 2


def test_a_rate_limit_that_stays_says_to_lower_concurrency(server: Server) -> None:
    server.always = failure(429, "slow down", Retry_After="0")
    message = error_of(server, backbones__simulated__retries=1)
    assert "slow down (HTTP 429); wait and resume, or lower `concurrency`" in message
    assert len(server.asks) == 2


def test_a_wait_of_hours_is_not_waited_out_but_told(server: Server) -> None:
    server.always = failure(429, "quota", Retry_After="7200")
    assert "asks to wait 7200 s before the next call; resume then" in error_of(server, backbones__simulated__retries=9)
    assert len(server.asks) == 1


def test_a_server_error_is_tried_again(server: Server) -> None:
    server.replies[0] = failure(500, "oops", Retry_After="0")
    assert run(server, stop_after="planning", backbones__simulated__retries=1).totals.calls == 4
    assert len(server.asks) == 5


def test_a_server_error_that_stays_is_an_error_after_the_retries(server: Server) -> None:
    server.always = failure(503, "overloaded", Retry_After="0")
    assert "overloaded (HTTP 503); resume to try again" in error_of(server, backbones__simulated__retries=3)
    assert len(server.asks) == 4


def test_no_answer_in_time_names_the_setting(server: Server) -> None:
    def too_late(ask: Ask) -> None:
        server.stopped.wait()

    server.always = too_late
    message = error_of(server, backbones__simulated__timeout=0.1)
    assert "raise backbones.simulated.timeout (now 0.1 s)" in message


def test_a_connection_that_is_reset_is_tried_again(server: Server) -> None:
    server.replies[0] = Reply(None)
    assert run(server, stop_after="planning", backbones__simulated__retries=1).status == "stopped"
    assert len(server.asks) == 5


def test_a_connection_that_is_always_reset_names_the_address(server: Server) -> None:
    server.always = Reply(None)
    assert f"see that {server.address} can be reached, then resume" in error_of(server)


def test_a_server_that_is_not_there_is_named(server: Server) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    config = load_config(overrides=simulated(address))
    with pytest.raises(BackboneError, match=f"see that {address} can be reached, then resume"):
        start_run("paper.md", Path("out"), config, "coding")
    assert state().status == "failed"


@pytest.mark.parametrize(
    "body", [b"<html><body>Login</body></html>", b"", b'{"choices": [', b"[]", b"\xff\xfe\x00", b'"text"']
)
def test_a_reply_of_status_200_that_is_no_completion_is_an_error(server: Server, body: bytes) -> None:
    server.always = Reply(body, content_type="text/html")
    assert "backbone 'simulated': " in error_of(server)


def test_an_error_page_is_quoted_without_the_key(server: Server, key: dict[str, str]) -> None:
    server.always = lambda ask: Reply(f"<html>{ask.authorization}</html>".encode(), 502, "text/html")
    assert "<html>Bearer ***</html> (HTTP 502)" in error_of(server, **key)


def test_a_model_that_does_not_exist_names_the_setting(server: Server) -> None:
    server.always = failure(404, "The model does not exist")
    assert "correct backbones.simulated.model" in error_of(server)


def test_a_prompt_that_is_too_long_names_the_setting(server: Server) -> None:
    body = {"error": {"message": "maximum context length is 10", "code": "context_length_exceeded"}}
    server.always = Reply(json.dumps(body).encode(), 400)
    assert "correct backbones.simulated.context_tokens" in error_of(server)


def test_an_empty_answer_is_asked_for_again(server: Server) -> None:
    server.replies[0] = completion("")
    server.replies[1] = completion(" \n")
    assert run(server, stop_after="planning").status == "stopped"
    assert len({ask.prompt for ask in server.asks[:3]}) == 1
    assert len(server.asks) == 6


def test_empty_answers_only_are_a_named_error(server: Server) -> None:
    server.always = completion("")
    message = error_of(server, EmptyAnswer)
    assert "gave an empty answer 3 times (planner: overall_plan)" in message
    assert len(server.asks) == 3


def test_an_answer_that_was_cut_names_the_setting_and_is_asked_for_anew_on_resume(server: Server) -> None:
    server.replies[1] = completion("[[ ## approach ## ]]\nHalf a sen", finish_reason="length")
    message = error_of(server, TruncatedAnswer)
    assert "(planner: architecture_design)" in message
    assert "raise backbones.simulated.max_tokens and resume" in message
    assert resume(server, stop_after="planning").status == "stopped"
    assert [ask.step for ask in server.asks] == [
        "overall_plan",
        "architecture_design",
        "architecture_design",
        "logic_design",
        "configuration",
    ]
    assert not server.asks[2].again


def test_half_a_surrogate_pair_in_an_answer_does_no_harm(server: Server) -> None:
    server.replies[0] = completion("broken \ud83d")
    run(server, stop_after="planning")
    assert "broken ?" in server.asks[1].prompt


def test_what_a_call_costs_is_what_the_configuration_says(server: Server) -> None:
    usage = {"prompt_tokens": 1000, "completion_tokens": 10, "prompt_tokens_details": {"cached_tokens": 400}}

    def answer(ask: Ask) -> Reply:
        body = json.loads(completion(server.model.answer(ask)).body or b"")
        return Reply(json.dumps({**body, "usage": usage}).encode())

    server.always = answer
    price = "{prompt: 10, cached: 1, completion: 100}"
    totals = run(server, stop_after="planning", backbones__simulated__price=price).totals
    assert (totals.prompt_tokens, totals.cached_tokens, totals.completion_tokens) == (4000, 1600, 40)
    assert totals.cost == pytest.approx(4 * (600 * 10 + 400 * 1 + 10 * 100) / 1e6)
    assert not totals.tokens_estimated


def test_tokens_that_a_server_does_not_count_are_estimated_and_cost_nothing_that_is_known(server: Server) -> None:
    def answer(ask: Ask) -> Reply:
        body = json.loads(completion(server.model.answer(ask)).body or b"")
        del body["usage"]
        return Reply(json.dumps(body).encode())

    server.always = answer
    totals = run(server, stop_after="planning").totals
    assert totals.tokens_estimated
    assert totals.prompt_tokens > 0
    assert totals.cost is None


@pytest.mark.parametrize("engine", ["lm15", "litellm"])
def test_both_engines_reach_the_server_and_tell_its_errors_alike(
    server: Server, key: dict[str, str], engine: str
) -> None:
    server.replies[4] = lambda ask: failure(401, f"Who is {ask.authorization}?")
    assert run(server, "first", "planning", backbones__simulated__engine=engine, **key).status == "stopped"
    message = error_of(server, backbones__simulated__engine=engine, **key)
    assert "check the key in SIMULATED_KEY" in message
