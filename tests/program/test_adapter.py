"""Prompts that share their beginning, and answers taken apart."""

from itertools import pairwise
from typing import Any, Literal

import dspy
import pytest

from program.adapter import Rejection, SharedPrefixAdapter, UnusableAnswer
from signatures.analysis import AnalyseFile, FileAnalysis
from signatures.coding import SourceFile, WriteFile
from signatures.planning import DesignArchitecture, DesignLogic, OverallPlan, PlanReproduction, WriteConfiguration
from signatures.sections import COMPLETED, header
from tests.program.scripted import (
    PAPER,
    analysis,
    answering,
    architecture,
    assumption,
    configuration,
    logic_design,
    overall_plan,
    source,
)

ADAPTER = SharedPrefixAdapter()
FILE = logic_design().tasks[1]
GIVEN: dict[str, Any] = {
    "file_analysis": analysis("What main.py does."),
    "file": FILE,
    "code": {"data.py": "n = 10\n", "more.py": "m = 2\n"},
    "configuration": configuration(),
    "logic_design": logic_design(),
    "architecture_design": architecture(),
    "overall_plan": overall_plan(),
    "paper": PAPER.markdown,
}
"""All inputs, in another order than that of prompts."""

STAGES = (PlanReproduction, DesignArchitecture, DesignLogic, WriteConfiguration, AnalyseFile, WriteFile)
SHARED = ("paper", "overall_plan", "architecture_design", "logic_design", "configuration", "code")


def messages(signature: type[dspy.Signature], demos: Any = (), **more: Any) -> list[dict[str, Any]]:
    given = {name: value for name, value in GIVEN.items() if name in signature.input_fields}
    return ADAPTER.format(signature, list(demos), given | more)


def text(messages: list[dict[str, Any]]) -> str:
    contents = [message["content"] for message in messages]
    return "\n".join(c if isinstance(c, str) else "".join(part["text"] for part in c) for c in contents)


def parts(signature: type[dspy.Signature], demos: Any = ()) -> tuple[str, str]:
    """Return what stands before and after the header of the task."""
    before, _, after = text(messages(signature, demos)).partition(header("task"))
    return before, after


@pytest.mark.parametrize("stage", STAGES)
def test_the_shared_context_comes_first_in_one_order(stage):
    before, after = parts(stage)
    expected = [header(name) for name in SHARED if name in stage.input_fields]
    assert [line for line in before.splitlines() if line.startswith("[[ ##")] == expected
    assert not any(header(name) in after for name in SHARED if name not in ("configuration",))


class Reversed(dspy.Signature):
    """Use the inputs."""

    code: dict[str, str] = dspy.InputField()
    overall_plan: OverallPlan = dspy.InputField()
    paper: str = dspy.InputField()
    answer: str = dspy.OutputField()


def test_the_order_of_the_shared_context_is_not_that_of_the_signature():
    found = [line for line in parts(Reversed)[0].splitlines() if line.startswith("[[ ##")]
    assert found == [header(name) for name in ("paper", "overall_plan", "code")]


def test_each_stage_begins_with_all_that_the_stage_before_it_was_shown():
    shared = [parts(stage)[0] for stage in STAGES]
    for earlier, later in pairwise(shared):
        assert later.startswith(earlier)
    assert [len(text) for text in shared] == sorted({len(text) for text in shared})


def test_the_language_model_is_sent_the_same_shared_beginning():
    answers = [ADAPTER.format_assistant_message_content(s, {n: v}) for s, n, v in _answers()]
    with answering(*answers) as script:
        for signature, _, _ in _answers():
            dspy.Predict(signature)(**{name: GIVEN[name] for name in signature.input_fields})
    shared = [prompt.partition(header("task"))[0] for prompt in script.prompts]
    assert shared[1].startswith(shared[0])
    assert shared[1].endswith(f"{header('code')}\n### data.py\nn = 10\n\n\n### more.py\nm = 2\n\n\n")


def _answers() -> list[tuple[type[dspy.Signature], str, Any]]:
    return [(AnalyseFile, "file_analysis", analysis()), (WriteFile, "source_file", source())]


def test_the_paper_stands_in_the_prompt_as_it_is():
    assert f"{header('paper')}\n{PAPER.markdown}\n" in parts(PlanReproduction)[0]


@pytest.mark.parametrize("stage", STAGES)
def test_instruction_then_form_of_the_answer_then_own_inputs(stage):
    after = parts(stage)[1]
    own = [header(name) for name in stage.input_fields if name not in SHARED]
    fields = next(iter(stage.output_fields.values())).annotation.model_fields
    wanted = [stage.instructions, "Answer in exactly this form", *map(header, fields), header(COMPLETED), *own]
    places = [after.index(piece) for piece in [*wanted, "Now answer, beginning with"]]
    assert places == sorted(places)


def test_the_form_says_what_each_section_holds():
    after = parts(WriteFile)[1]
    assert f"{header('content')}\n({SourceFile.model_fields['content'].description})" in after
    assert f"{header('assumptions')}\n(JSON. {SourceFile.model_fields['assumptions'].description}\n[" in after
    assert 'reason: "not given" or "given twice differently"' in after


DEMO = {"paper": "Another paper.", "file": FILE, "file_analysis": analysis("An exemplary analysis.")}


def test_demos_stand_behind_the_shared_context_and_before_the_own_inputs():
    before, after = parts(AnalyseFile, [DEMO])
    assert before == parts(AnalyseFile)[0]
    example, own = after.index(header("example")), after.rindex(header("file"))
    assert after.index(AnalyseFile.instructions) < example < after.index("An exemplary analysis.") < own
    assert "Another paper." not in before + after


def test_a_demo_shows_an_answer_that_can_be_parsed():
    example = parts(AnalyseFile, [DEMO])[1].partition(header("example"))[2]
    assert ADAPTER.parse(AnalyseFile, example) == {"file_analysis": DEMO["file_analysis"]}


def test_demos_from_a_saved_program_are_rendered_alike():
    predictor = dspy.Predict(AnalyseFile)
    predictor.demos = [dspy.Example(**DEMO)]
    predictor.save("saved.json")
    loaded = dspy.Predict(AnalyseFile)
    loaded.load("saved.json")
    assert parts(AnalyseFile, loaded.demos) == parts(AnalyseFile, [DEMO])


def test_rejections_are_further_turns_behind_an_unchanged_prompt():
    rejections = [Rejection(answer="first", reasons="content: line 3"), Rejection(answer="second", reasons="too short")]
    signature = WriteFile.append("rejections", dspy.InputField(), type_=list[Rejection])
    first, again = messages(WriteFile), messages(signature, rejections=rejections)
    assert again[: len(first)] == first
    turns = again[len(first) :]
    assert [turn["role"] for turn in turns] == ["assistant", "user"] * 2
    assert [turns[0]["content"], turns[2]["content"]] == ["first", "second"]
    assert "content: line 3" in turns[1]["content"]
    assert "too short" in turns[3]["content"]


CODE = '''"""Doc."""


def f(x: int) -> int:
    """Add one.

    Markdown: ```sh
    """
    if x:

        return x + 1
    return 1
'''


def answer(content: str = CODE, assumptions: str = "[]", end: str = header(COMPLETED)) -> str:
    return f"{header('content')}\n{content}\n\n{header('assumptions')}\n{assumptions}\n\n{end}"


def parse(completion: str) -> SourceFile:
    return ADAPTER.parse(WriteFile, completion)["source_file"]


def reasons(completion: str, signature: type[dspy.Signature] = WriteFile) -> list[str]:
    with pytest.raises(UnusableAnswer) as error:
        ADAPTER.parse(signature, completion)
    assert error.value.lm_response == completion
    return error.value.problems


ONE = '[{"name": "a", "reason": "not given", "paper": "Section 1", "choice": "b", "code": ""}]'


def test_an_artifact_is_put_together_from_its_sections():
    assert parse(answer(assumptions=ONE)) == source(CODE, assumption("a", paper="Section 1", choice="b"))


@pytest.mark.parametrize(
    "signature_name_value", [(AnalyseFile, "file_analysis", analysis("x", assumption())), *_answers()]
)
def test_what_is_written_as_an_answer_is_read_as_the_same(signature_name_value):
    signature, name, value = signature_name_value
    assert ADAPTER.parse(signature, ADAPTER.format_assistant_message_content(signature, {name: value})) == {name: value}


@pytest.mark.parametrize(
    "code", [CODE, 'x = "a\u2028b"\n', 'page = "\x0c"\n', "all:\n\tls\n\n\n\ttext=1\n", "s = '\\theta \\n'\n"]
)
def test_code_is_taken_verbatim(code):
    assert parse(answer(code)).content == code
    assert parse(answer(code).replace("\n", "\r\n")).content == code


@pytest.mark.parametrize("fence", ["```python\n{}```", "```\n{}\n```", "~~~py\n{}~~~"])
def test_a_fence_around_the_whole_code_is_taken_off(fence):
    assert parse(answer(fence.format(CODE))).content == CODE


def test_words_around_the_answer_do_not_count():
    assert parse(f"Sure, here it is:\n\n```\n{answer()}\n```\nI hope that it helps.").content == CODE


@pytest.mark.parametrize(
    "form",
    ["**{}**", "### {}", "  {}  ", "**{}** "],
)
def test_headers_may_be_dressed_up_as_markdown(form):
    dressed = answer(assumptions=ONE)
    for name in ("content", "assumptions", COMPLETED):
        dressed = dressed.replace(header(name), form.format(header(name)))
    assert parse(dressed) == parse(answer(assumptions=ONE))


def test_a_section_may_begin_on_the_line_of_its_header():
    assert parse(answer().replace(f"{header('assumptions')}\n[]", f"{header('assumptions')} []")).content == CODE


@pytest.mark.parametrize("name", ["method", "task", "contents"])
def test_a_header_in_the_code_does_not_cut_it_unless_it_is_expected(name):
    code = f'TEMPLATE = """\n{header(name)}\nfill in\n"""\n'
    assert parse(answer(code)).content == code


def test_an_expected_header_in_the_middle_of_a_line_does_not_cut_the_code():
    code = f'LINE = "{header("assumptions")}"\n'
    assert parse(answer(code)).content == code


@pytest.mark.parametrize(
    "thoughts",
    [
        "<think>\nFirst the imports.\n</think>\n\n",
        "The template opened the tag.\n</think>\n",
        f"<think>A draft:\n{header('content')}\nwrong\n{header('assumptions')}\n[]\n{header(COMPLETED)}\n</think>",
    ],
)
@pytest.mark.parametrize("code", [CODE, 'END = "</think>"\n', 'DOC = """\n</think>\n"""\n'])
def test_thoughts_before_the_answer_are_ignored_and_their_mark_in_code_is_kept(thoughts, code):
    assert parse(thoughts + answer(code)).content == code
    assert parse(answer(code)).content == code


@pytest.mark.parametrize(
    "json",
    [
        f"```json\n{ONE}\n```",
        f"```\n{ONE}\n```\n",
        ONE.replace("}]", "},]"),
        ONE.replace('"', "'"),
        f"Here they are:\n{ONE}",
        ONE.replace('"b"', '"b",  // the best\n'),
    ],
)
def test_json_is_read_as_models_write_it(json):
    assert parse(answer(assumptions=json)).assumptions == parse(answer(assumptions=ONE)).assumptions


def test_line_breaks_inside_json_strings_are_kept():
    assert parse(answer(assumptions=ONE.replace('"b"', '"b\nc"'))).assumptions[0].choice == "b\nc"


def test_tex_in_json_keeps_its_backslashes_where_they_can_be_told():
    written = ONE.replace('"b"', r'"\alpha \\theta \sum_i"')
    assert parse(answer(assumptions=written)).assumptions[0].choice == r"\alpha \theta \sum_i"


def test_tex_in_json_that_lost_its_backslash_is_rejected_with_the_place():
    [reason] = reasons(answer(assumptions=ONE.replace('"b"', r'"the angle \theta"')))
    assert reason.startswith(r"assumptions.0.choice: a backslash was lost near 'the angle \theta'")


def test_each_missing_section_is_named():
    assert reasons(f"{header('assumptions')}\n[]\n{header(COMPLETED)}") == [
        "the section [[ ## content ## ]] is missing"
    ]
    assert len(reasons("I cannot do that.")) == 3


def test_an_answer_without_its_last_header_may_have_been_cut():
    assert reasons(answer(end="")) == ["the last line [[ ## completed ## ]] is missing: the answer may have been cut"]


def test_a_header_written_only_in_thoughts_that_never_end_is_not_an_answer():
    assert "the answer may have been cut" in reasons(f"<think>\n{header('content')}\nx = 1")[-1]


@pytest.mark.parametrize(
    ("json", "reason"),
    [
        ("None.", "assumptions: Input should be a valid list"),
        ("There are none.", "assumptions: Input should be a valid list"),
        ("", "assumptions: Input should be a valid list"),
        ('{"name": "a"}', "assumptions: Input should be a valid list"),
        ('["a"]', "assumptions.0: Input should be a valid dictionary or instance of Assumption"),
        (ONE.replace("not given", "unknown"), "assumptions.0.reason: Input should be 'not given' or"),
        (ONE.replace('"choice": "b", ', ""), "assumptions.0.choice: Field required"),
        (ONE.replace('"b"', '" "'), "assumptions.0.choice: must not be empty"),
    ],
)
def test_a_wrong_type_is_named_with_its_place(json, reason):
    [found] = reasons(answer(assumptions=json))
    assert found.startswith(reason)


def test_all_faults_of_an_answer_are_named_at_once():
    fields = dict.fromkeys(("shared_knowledge", "api", "unclear", "quick_command"), "")
    lists = {"tasks": "[]", "commands": "3", "packages": '["numpy is nice"]', "other_packages": "[]"}
    completion = "\n".join(f"{header(name)}\n{value}" for name, value in (fields | lists).items())
    found = reasons(f"{completion}\n{header(COMPLETED)}", DesignLogic)
    assert [reason.partition(":")[0] for reason in found] == ["tasks", "commands", "quick_command", "packages"]


class Rate(dspy.Signature):
    """Rate the text."""

    text: str = dspy.InputField()
    reasoning: str = dspy.OutputField()
    score: Literal[1, 2, 3, 4, 5] = dspy.OutputField()
    label: Literal["good", "bad"] = dspy.OutputField()
    notes: list[str] | None = dspy.OutputField()


def rating(score: str = "4", label: str = "good", notes: str = "null") -> str:
    fields = {"reasoning": "Because.", "score": score, "label": label, "notes": notes, COMPLETED: ""}
    return "\n".join(f"{header(name)}\n{value}" for name, value in fields.items())


@pytest.mark.parametrize("label", ["good", '"good"', "```\ngood\n```"])
def test_outputs_that_are_no_artifacts_are_sections_too(label):
    assert ADAPTER.parse(Rate, rating(label=label)) == {
        "reasoning": "Because.",
        "score": 4,
        "label": "good",
        "notes": None,
    }


@pytest.mark.parametrize("score", ["6", "four", "", "4.5"])
def test_a_wrong_output_that_is_no_artifact_is_named(score):
    [reason] = reasons(rating(score=score), Rate)
    assert reason.startswith("score: Input should be 1, 2, 3, 4 or 5")


def test_an_analysis_may_show_headings_and_fences():
    text = "## Inputs\n\n```python\nx: int\n```\n\n- `f` | `g`\n\n```\nend\n```"
    completion = f"{header('analysis')}\n{text}\n{header('assumptions')}\n[]\n{header(COMPLETED)}"
    assert ADAPTER.parse(AnalyseFile, completion)["file_analysis"] == FileAnalysis(analysis=text, assumptions=[])
