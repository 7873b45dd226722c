"""What can be said of a repository without a language model: that there is nothing in it to judge."""

import ast
import re
from collections.abc import Iterable
from pathlib import PurePosixPath

from program.exhibit import Exhibit, code_lines, is_program, is_python, unread_programs
from program.syntax import python_or_none

_TYPED = (ast.Constant, ast.Tuple, ast.List, ast.Set, ast.Dict, ast.UnaryOp, ast.USub, ast.expr_context)
"""What a value consists of that was typed in."""

_LITERAL = (*_TYPED, ast.Name, ast.Attribute, ast.Subscript)
"""What a value consists of that is written down, not computed."""

_STEP = re.compile(
    r"\s*(?:(?:set|cd|export|echo|mkdir|pip3?|source|exit)\b|python3?\s+(?:-u\s+)?(?P<script>[\w./-]+\.py)\b)[^|;&`<>(]*"
)
"""A line of a shell script that prepares, or that runs one Python file."""


def floor(exhibit: Exhibit) -> str | None:
    """Return why a repository gets the lowest score whatever its paper, or None if a judge has to read it.

    What cannot be read or parsed, or is not Python, gets the benefit of the doubt.
    """
    if not exhibit.texts and not exhibit.left_out:
        return "it is empty"
    if unread_programs(exhibit):
        return None
    programs = [(path, text) for path, text in exhibit.texts.items() if is_program(path, text)]
    has_code = False
    for path, text in programs:
        if not code_lines(path, text):
            continue
        acts = _acts(text) if is_python(path, text) else not _only_starts(path, text, exhibit)
        if acts:
            return None
        has_code = True
    if not has_code:
        return "it has no executable code, only settings or prose"
    return "its functions are stubs: nothing in it computes anything"


def _acts(text: str) -> bool:
    """Say whether a file does anything: a function with a body, or statements beside definitions."""
    tree = python_or_none(text)
    if tree is None:  # Python 2, or the commands of a notebook
        return True
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    if any(not _is_stub(node.body) for node in functions):
        return True
    return any(not _is_declaration(statement) for statement in tree.body)


def _only_starts(path: str, text: str, exhibit: Exhibit) -> bool:
    """Say whether a shell script does nothing but run Python files of the repository."""
    if PurePosixPath(path).suffix.lower() not in (".sh", ".bash", ""):
        return False
    lines = text.splitlines()
    steps = [_STEP.fullmatch(lines[number - 1]) for number in code_lines(path, text)]
    scripts = [step["script"] for step in steps if step and step["script"]]
    return all(steps) and bool(scripts) and all(str(PurePosixPath(name)) in exhibit.texts for name in scripts)


def _is_stub(body: Iterable[ast.stmt]) -> bool:
    return all(_says_nothing(statement) for statement in body)


def _says_nothing(statement: ast.stmt) -> bool:
    """A docstring, `...`, `pass`, `raise`, a bare `return`, a value typed in, or a message printed or logged."""
    match statement:
        case ast.Pass() | ast.Raise() | ast.Return(value=None) | ast.Return(value=ast.Name()):
            return True
        case ast.Expr(value=ast.Constant()):
            return True
        case ast.Expr(
            value=ast.Call(
                func=ast.Name(id="print") | ast.Attribute(value=ast.Name(id="logging" | "logger")), args=args
            )
        ):
            return all(isinstance(argument, ast.Constant) for argument in args)
        case ast.Return(value=ast.expr() as value) | ast.Assign(targets=[ast.Name()], value=value):
            return all(isinstance(node, _TYPED) for node in ast.walk(value))
        case ast.Assign(targets=[ast.Attribute(value=ast.Name(id="self"))], value=ast.Name() | ast.Constant()):
            return True  # a constructor that keeps its arguments
        case ast.AnnAssign(target=ast.Attribute(value=ast.Name(id="self")), value=ast.Name() | ast.Constant()):
            return True
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=made, attr="__init__"), args=[], keywords=[])):
            return ast.unparse(made) == "super()"
        case _:
            return False


def _is_declaration(statement: ast.stmt) -> bool:
    """An import, a definition, a constant, or the call of the entry point."""
    match statement:
        case ast.Import() | ast.ImportFrom() | ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Pass():
            return True
        case ast.ClassDef(body=body):
            return all(_is_declaration(part) for part in body)
        case ast.Expr(value=ast.Constant()):
            return True
        case ast.Try(body=body, handlers=handlers, orelse=[], finalbody=[]):
            return all(_is_declaration(part) for part in [*body, *(each for one in handlers for each in one.body)])
        case ast.If(test=ast.Name(id="TYPE_CHECKING"), body=body, orelse=[]):
            return all(_is_declaration(part) for part in body)
        case ast.Assign(value=ast.Call(func=ast.Attribute(value=ast.Name(id="logging"), attr="getLogger"))):
            return True
        case ast.Assign() | ast.AnnAssign():
            return statement.value is None or all(isinstance(node, _LITERAL) for node in ast.walk(statement.value))
        case ast.If(test=ast.Compare(left=ast.Name(id="__name__")), body=body):
            return all(_is_entry(part) for part in body)
        case _:
            return _says_nothing(statement)


def _is_entry(statement: ast.stmt) -> bool:
    """Say whether this only calls one of the repository's functions, as `main()` and `sys.exit(main())` do."""
    match statement:
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr="exit") | ast.Name(id="exit"), args=[inner], keywords=[])):
            return isinstance(inner, ast.Constant) or _is_entry(ast.Expr(value=inner))
        case ast.Expr(value=ast.Call(func=ast.Name(), args=[], keywords=[])):
            return True
        case _:
            return _says_nothing(statement)
