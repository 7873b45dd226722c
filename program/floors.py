"""What can be said of a repository without a language model: that there is nothing in it to judge."""

import ast
from collections.abc import Iterable

from program.exhibit import Exhibit, code_lines, is_program, is_python
from program.syntax import parse_python


def floor(exhibit: Exhibit) -> str | None:
    """Return why a repository gets the lowest score whatever its paper, or None if a judge has to read it."""
    if not exhibit.texts:
        return "it is empty"
    programs = {path: text for path, text in exhibit.texts.items() if is_program(path) and code_lines(path, text)}
    if not programs:
        return "it has no executable code, only settings or prose"
    trees = {}
    for path, text in programs.items():
        if not is_python(path):
            return None
        try:
            trees[path] = parse_python(text)
        except (SyntaxError, ValueError):
            return None if is_notebook(path) else _unparsable(programs)
    if not any(_acts(tree) for tree in trees.values()):
        return "its functions are stubs: nothing in it computes anything"
    return None


def is_notebook(path: str) -> bool:
    """Say whether a file is a notebook, whose cells may hold what is no plain Python."""
    return path.lower().endswith(".ipynb")


def _unparsable(programs: dict[str, str]) -> str | None:
    for path, text in programs.items():
        try:
            if not is_python(path) or is_notebook(path) or parse_python(text):
                return None
        except (SyntaxError, ValueError):
            continue
    return "none of its Python files can be parsed"


def _acts(tree: ast.Module) -> bool:
    """Say whether a file does anything: a function with a body, or statements beside definitions."""
    functions = [
        node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
    ]
    if any(not isinstance(node, ast.Lambda) and not _is_stub(node.body) for node in functions):
        return True
    return any(not _is_declaration(statement) for statement in tree.body)


def _is_stub(body: Iterable[ast.stmt]) -> bool:
    return all(_says_nothing(statement) for statement in body)


def _says_nothing(statement: ast.stmt) -> bool:
    """A docstring, `...`, `pass`, `raise`, a bare `return`, a constant returned, or a message printed."""
    match statement:
        case ast.Pass() | ast.Raise() | ast.Return(value=None) | ast.Return(value=ast.Constant()):
            return True
        case ast.Expr(value=ast.Constant()):
            return True
        case ast.Expr(value=ast.Call(func=ast.Name(id="print"), args=args)):
            return all(isinstance(argument, ast.Constant) for argument in args)
        case ast.Return(value=ast.Name()) | ast.Return(value=ast.Dict(keys=[])) | ast.Return(value=ast.List(elts=[])):
            return True
        case ast.Assign(targets=[ast.Attribute(value=ast.Name(id="self"))], value=ast.Name()):
            return True  # a constructor that keeps its arguments
        case ast.AnnAssign(target=ast.Attribute(value=ast.Name(id="self")), value=ast.Name()):
            return True
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
        case ast.Assign() | ast.AnnAssign():
            return statement.value is None or not any(
                isinstance(node, ast.Call | ast.ListComp | ast.DictComp | ast.BinOp)
                for node in ast.walk(statement.value)
            )
        case ast.If(test=ast.Compare(left=ast.Name(id="__name__")), body=body):
            return all(isinstance(part, ast.Expr | ast.Pass | ast.Raise) for part in body)
        case _:
            return _says_nothing(statement)
