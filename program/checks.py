"""What can be verified about an answer without a language model, beyond the types of its artifact.

Each check returns what is wrong, a line for each fault, in words that the model can act on.
"""

import ast
import re
import sys
from collections.abc import Iterable, Iterator, Mapping

import networkx as nx
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from program.syntax import parse_python
from signatures.bundle import FileBundle
from signatures.coding import SourceFile
from signatures.ledger import Component
from signatures.paths import WRITTEN_BY_THE_PROGRAM
from signatures.planning import ArchitectureDesign, Configuration, FileTask, LogicDesign, OverallPlan, is_test

_MARK = re.compile(r"(?i)#.*\b(paper|ours)\s*:")
_SCRIPT = re.compile(r"[\w./-]+\.(?:py|sh)\b")
_EXPONENT = re.compile(r"[-+]?[0-9]+(\.[0-9]*)?[eE][-+]?[0-9]+")


def check_overall_plan(plan: OverallPlan) -> list[str]:
    """Every kind of component occurs."""
    kinds = {component.kind for component in plan.components}
    wanted = Component.model_fields["kind"].annotation.__args__  # type: ignore[union-attr]
    return [f"components: none is of the kind {kind!r}" for kind in wanted if kind not in kinds]


def check_logic_design(logic: LogicDesign, overall: OverallPlan, architecture: ArchitectureDesign) -> list[str]:
    """Every file has one task, dependencies are known and acyclic, everything has an owner."""
    planned = [file.path for file in architecture.files]
    tasks = [task.path for task in logic.tasks]
    problems = [f"tasks: the planned file {path!r} has no task" for path in planned if path not in tasks]
    problems += [f"tasks: {path!r} is not among the planned files" for path in tasks if path not in planned]
    problems += [f"tasks: {path!r} has {n} tasks" for path in planned if (n := tasks.count(path)) > 1]
    problems += _dependency_problems(logic.tasks, planned)
    code = [task for task in logic.tasks if not is_test(task.path)]  # a test implements nothing
    problems += _unowned("component", [c.name for c in overall.components], [t.components for t in code])
    problems += _unowned("assumption", [a.name for a in overall.assumptions], [t.assumptions for t in logic.tasks])
    problems += _command_problems(logic, overall, planned)
    problems += _package_problems(logic.packages)
    return problems


def _dependency_problems(tasks: list[FileTask], planned: list[str]) -> list[str]:
    problems = []
    for task in tasks:
        for path in task.depends_on:
            if path not in planned and path not in WRITTEN_BY_THE_PROGRAM:
                problems.append(f"tasks: {task.path!r} depends on {path!r}, which is not among the planned files")
    graph = dependency_graph(tasks)
    if cycle := next(nx.simple_cycles(graph), None):
        problems.append("tasks: the dependencies form a cycle: " + " -> ".join([*cycle, cycle[0]]))
    return problems


def dependency_graph(tasks: Iterable[FileTask]) -> "nx.DiGraph[str]":
    """Return the graph of files, an edge from each file to those that depend on it."""
    tasks = list(tasks)
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(task.path for task in tasks)
    graph.add_edges_from((path, task.path) for task in tasks for path in task.depends_on if path in graph)
    return graph


def _unowned(kind: str, names: list[str], owned: list[list[str]]) -> Iterator[str]:
    given = {name.lower() for group in owned for name in group}
    for name in names:
        if name.lower() not in given:
            yield f"tasks: the {kind} {name!r} is assigned to no file"
    known = {name.lower() for name in names}
    for name in sorted(given - known):
        yield f"tasks: the {kind} {name!r} does not stand in the overall plan; use its names: {names}"


def _command_problems(logic: LogicDesign, overall: OverallPlan, planned: list[str]) -> Iterator[str]:
    produced = {command.result.lower() for command in logic.commands}
    for result in overall.results:
        if result.name.lower() not in produced:
            yield f"commands: nothing produces {result.name!r}"
    known = [result.name for result in overall.results]
    for command in logic.commands:
        if command.result.lower() not in (name.lower() for name in known):
            yield f"commands: the overall plan has no result {command.result!r}; use its names: {known}"
    for line in [*(command.command for command in logic.commands), logic.quick_command]:
        scripts = _SCRIPT.findall(line)
        modules = [module.replace(".", "/") for module in re.findall(r"-m\s+([\w.]+)", line)]
        for script in scripts:
            if script.removeprefix("./") not in planned:
                yield f"commands: {line!r} calls {script!r}, which is not among the planned files"
        if not scripts and not {f"{module}{end}" for module in modules for end in (".py", "/__main__.py")} & {*planned}:
            yield f"commands: {line!r} calls none of the planned files"


def _package_problems(packages: list[str]) -> Iterator[str]:
    names = [canonicalize_name(Requirement(line).name) for line in packages]
    for name in names:
        if name.replace("-", "_") in sys.stdlib_module_names:
            yield f"packages: {name!r} is part of Python's standard library; leave it out"
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"packages: {name!r} is listed twice"
    if "pytest" not in names:
        yield "packages: the tests need 'pytest'"


def check_configuration(configuration: Configuration) -> list[str]:
    """Every value is marked as the paper's or ours, and there is a quick mode."""
    lines = configuration.content.splitlines()
    root = yaml.compose(configuration.content, Loader=yaml.SafeLoader)
    assert root is not None  # its type has seen to that
    unmarked = [
        key for key, first, last in _values(root) if not any(_MARK.search(line) for line in lines[first : last + 1])
    ]
    problems = [
        f"content: the value of {key!r} bears no mark `# paper: <place>` or `# ours: <reason>` on its line"
        for key in unmarked
    ]
    problems += _misread(root)
    quick = yaml.safe_load(configuration.content).get("quick")
    if not isinstance(quick, dict) or not quick:
        problems.append("content: there is no top-level mapping `quick` with the values of the quick mode")
    return problems


def _values(node: yaml.Node, key: str = "") -> Iterator[tuple[str, int, int]]:
    """Yield each leaf's key with its first and last line; a list counts as one leaf, like all that is in braces."""
    if not isinstance(node, yaml.MappingNode) or node.flow_style:
        yield key, node.start_mark.line, _last_line(node)
        return
    for name, value in node.value:
        path = f"{key}.{name.value}" if key else str(name.value)
        if isinstance(value, yaml.MappingNode) and not value.flow_style:
            yield from _values(value, path)
        else:
            yield path, name.start_mark.line, max(name.start_mark.line, _last_line(value))


def _last_line(node: yaml.Node) -> int:
    if isinstance(node, yaml.CollectionNode) and not node.flow_style:  # its own end mark lies behind what follows
        last = node.value[-1]
        return _last_line(last[1] if isinstance(last, tuple) else last)
    end = node.end_mark
    return end.line - 1 if end.column == 0 else end.line


def _misread(node: yaml.Node, key: str = "") -> Iterator[str]:
    """Name what YAML reads otherwise than it looks: 1e-4 is a text, and of two equal keys the first is lost."""
    if isinstance(node, yaml.ScalarNode):
        if node.tag.endswith(":str") and not node.style and _EXPONENT.fullmatch(node.value):
            yield (
                f"content: YAML reads the value {node.value} of {key!r} as text; "
                "a number has a dot before the exponent and a sign in it, as in 1.0e-4"
            )
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _misread(item, key)
    elif isinstance(node, yaml.MappingNode):
        names = [str(name.value) for name, _ in node.value]
        paths = [f"{key}.{name}" if key else name for name in names]
        for path in sorted({path for path in paths if paths.count(path) > 1}):
            yield f"content: the key {path!r} stands twice"
        for path, (_, value) in zip(paths, node.value, strict=True):
            yield from _misread(value, path)


def check_source_file(path: str, source: SourceFile) -> list[str]:
    """No file is empty but `__init__.py`; Python parses and does something."""
    if not path.endswith(".py"):
        return [] if source.content else ["content: must not be empty"]
    try:
        tree = parse_python(source.content)
    except SyntaxError as error:
        near = f": {error.text.strip()[:100]!r}" if error.text else ""
        return [f"content: line {error.lineno or 1} is not Python: {error.msg}{near}"]
    except ValueError as error:
        return [f"content: not Python: {error}"]
    if not path.endswith("__init__.py") and all(_says_nothing(statement) for statement in tree.body):
        return ["content: there is no code in it, only comments or a docstring"]
    if is_test(path) and not any(_is_tested(node) for node in ast.walk(tree)):
        return ["content: pytest finds no test in it, neither a function test_... nor a class Test..."]
    return []


def check_files(bundle: FileBundle) -> list[str]:
    """Every file of a bundle is what its name says, and one of them is a program."""
    return check_texts(bundle.by_path())


def check_texts(files: Mapping[str, str]) -> list[str]:
    """Every file of a repository is what its name says, and one of them is a program."""
    problems = [
        f"{path}: {problem.removeprefix('content: ')}"
        for path, text in files.items()
        for problem in (
            check_source_file(path, SourceFile(content=text, assumptions=[])) if text or path.endswith(".py") else []
        )
    ]
    if not any(path.endswith(".py") for path in files):
        problems.append("files: none of them is a Python file")
    return problems


def _is_tested(node: ast.AST) -> bool:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return node.name.startswith("test")
    return isinstance(node, ast.ClassDef) and (node.name.startswith("Test") or bool(node.bases))


def _says_nothing(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Pass) or (
        isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    )
