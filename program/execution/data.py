"""Data that a repository reads and does not have, as far as its text tells; found before anything is run."""

import ast
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from posixpath import normpath
from typing import Any

import yaml

from program.syntax import python_or_none

_SUFFIXES = (
    *(".csv", ".tsv", ".json", ".jsonl", ".txt", ".npy", ".npz", ".pt", ".pth", ".pkl", ".pickle", ".parquet"),
    *(".h5", ".hdf5", ".mat", ".arff", ".xlsx", ".zip", ".tar", ".gz", ".tgz", ".bz2", ".feather", ".arrow", ".bin"),
    *(".png", ".jpg", ".jpeg", ".wav", ".mp3", ".mp4", ".xml", ".libsvm", ".ckpt", ".safetensors", ".model"),
)
"""Of files that hold data, models among them."""

_READ = (
    *("open", "read_csv", "read_json", "read_table", "read_parquet", "read_pickle", "read_excel", "read_feather"),
    *("load", "loadtxt", "genfromtxt", "fromfile", "loadmat", "imread", "load_svmlight_file", "loadarff"),
    *("ImageFolder", "DatasetFolder", "memmap", "File", "ZipFile"),
)
"""Functions whose first argument is a file that has to be there."""

_FILE_WORDS = (
    *("file", "filename", "fname", "fp", "f", "path", "filepath", "filepath_or_buffer", "path_or_buf", "io", "name"),
    *("file_name", "path_or_buffer", "uri"),
)
"""What the first argument is called where it stands as a keyword."""

_OF_A_PATH = ("read_text", "read_bytes", "open")
"""Methods of a path that read it."""

_WRITERS = (
    *("save", "to_", "dump", "write", "imwrite", "imsave", "touch", "mkdir", "makedirs", "copy", "move"),
    *("rename", "replace", "urlretrieve", "download", "export", "store", "symlink", "FileHandler", "ExcelWriter"),
    *("ModelCheckpoint", "generate", "make", "create", "build", "prepare", "preprocess", "simulate", "synthesize"),
)
"""Beginnings of the names of functions that write a file, also of a repository's own."""

_MOVERS = ("copy", "move", "rename", "replace")
"""Of these, the ones whose first argument has to be there."""

_FETCHED = ("load_dataset", "from_pretrained", "urlretrieve", "urlopen", "hf_hub_download", "snapshot_download")
"""Functions that fetch what their first argument names; so are those that begin with `fetch_`, and `download=True`."""

FETCHED = ", fetched from the network"
"""Stands behind what is no file."""

_INPUT_KEYS = ("data", "input", "corpus", "train", "valid", "test", "dev", "vocab", "weights", "pretrained", "dataset")
_INPUT_PARENTS = ("data", "dataset", "datasets", "input", "inputs")
_OUTPUT_WORDS = (
    *("out", "output", "result", "save", "saved", "log", "checkpoint", "ckpt", "figure", "fig", "plot", "report"),
    *("cache", "cached", "score", "metric", "history", "prediction", "pred", "curve", "best", "trained", "summary"),
    *("processed", "preprocessed", "run"),
)
"""Words, singular, that name what a program makes."""

_LOCAL = ("model", "weight", "pretrained", "data", "artifact")
"""Words, singular, for folders; others are organisations that publish models."""

_SILENT = ("print", "exit", "_exit", "error", "warning", "warn", "info", "print_help")
"""Functions that make up for nothing."""

_MUCH_NESTING = 40
_LONG = 1000

_Known = Mapping[str, str]
"""Names of a program that stand for a path, once and for all."""


@dataclass
class _Program:
    """A Python file."""

    path: str
    tree: ast.Module
    known: dict[str, str] = field(default_factory=dict)
    options: dict[str, str] = field(default_factory=dict)
    """Files that are the defaults of options, by the name that these have in the parsed arguments."""


def find_missing_data(files: Mapping[str, str], also: Mapping[str, str]) -> list[str]:
    """Return the data that a repository reads and that is not in it, in order.

    Args:
        files: The text files of the repository, by path.
        also: Its other files by path, e.g. binary ones.

    Returns:
        Paths, and names of data sets that would be fetched from the network, which no sandbox has.
    """
    programs = _programs(files)
    there = {*files, *also}
    there |= {parent.as_posix() for path in there for parent in PurePosixPath(path).parents}
    written = {name for program in programs for name in _written(program)}
    defined = {name for program in programs for name in _defined(program.tree)}
    modules = {PurePosixPath(path).stem for path in files} | {path.partition("/")[0] for path in files}
    found: dict[str, None] = {}
    for program in programs:
        beside = PurePosixPath(program.path).parent
        for name in _read(program):
            if not ({name, normpath(beside / name)} & there or name in written):
                found[name] = None
        for name in _fetched(program.tree, defined, modules, there | written):
            found[name] = None
    for name in _configured(files.get("config.yaml", "")):
        if name not in there | written:
            found[name] = None
    return list(found)


def _programs(files: Mapping[str, str]) -> list[_Program]:
    trees = {path: tree for path, text in files.items() if path.endswith(".py") and (tree := python_or_none(text))}
    programs = [_Program(path, tree) for path, tree in trees.items()]
    for program in programs:
        program.known = {"__file__": program.path}
        program.known |= _constants(program.tree, program.known)
    modules = {PurePosixPath(program.path).stem: program.known for program in programs}
    for program in programs:
        imported: dict[str, str] = {}
        for node in ast.walk(program.tree):
            if isinstance(node, ast.ImportFrom):
                source = modules.get((node.module or "").rpartition(".")[2], {})
                imported |= {it.asname or it.name: source[it.name] for it in node.names if it.name in source}
        program.known = {**imported, **program.known}
        program.options = _options(program)
    return programs


def _constants(tree: ast.Module, known: _Known) -> dict[str, str]:
    """Return the names that are assigned once, and this a path."""
    stored = Counter(
        node.id if isinstance(node, ast.Name) else node.arg
        for node in ast.walk(tree)
        if (isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)) or isinstance(node, ast.arg)
    )
    found = dict(known)
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.expr() as value):
                pass
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                pass
            case _:
                continue
        if stored[name] == 1 and (path := _path(value, found)):
            found[name] = path
    return found


def _options(program: _Program) -> dict[str, str]:
    """Return the defaults of options that are files, by the options' names."""
    found = {}
    for name, call in _calls(program.tree):
        default = next((it.value for it in call.keywords if it.arg == "default"), None)
        names = [arg.value for arg in call.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
        if name in ("add_argument", "option") and default and names:
            path = _path(default, program.known)
            if path and _is_data(path):
                dest = next((it.value for it in call.keywords if it.arg == "dest"), None)
                named = next((it for it in names if it.startswith("--")), names[0])
                named = dest.value if isinstance(dest, ast.Constant) and isinstance(dest.value, str) else named
                found[named.lstrip("-").replace("-", "_")] = path
    return found


def _calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    """Yield every call with the last part of the name of what is called."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            match node.func:
                case ast.Name(id=name) | ast.Attribute(attr=name):
                    yield name, node


def _read(program: _Program) -> Iterator[str]:
    """Yield the files that a program reads by a name that stands in it."""
    for name, call in _calls(program.tree):
        path = _opened(name, call, program)
        if path and _is_data(path) and not _is_output(path):
            yield path
    for name, path in program.options.items():
        if _is_input(name) and not _is_output(path):
            yield path


def _opened(name: str, call: ast.Call, program: _Program) -> str | None:
    """Return the file that a call reads."""
    if name in _OF_A_PATH and isinstance(call.func, ast.Attribute):
        path = _of(call.func.value, program)
        if path:
            return None if _writes(call, 0) else path
    if name not in _READ or _writes(call, 1):
        return None
    named = call.args[:1] or [it.value for it in call.keywords if it.arg in _FILE_WORDS]
    return _of(named[0], program) if named else None


def _of(node: ast.expr, program: _Program) -> str | None:
    """Return the path that an expression in a program names, which may be an option's default."""
    match node:
        case ast.Attribute(value=ast.Name(id=name), attr=option) if name != "self" and option in program.options:
            return program.options[option]
        case ast.Call(func=ast.Name(id="Path"), args=[ast.Attribute() as inside]):
            return _of(inside, program)
    return _path(node, program.known)


def _written(program: _Program) -> Iterator[str]:
    """Yield the files that a program makes itself, or does without."""
    for name, call in _calls(program.tree):
        opens = name in _READ
        if (opens and _writes(call, 1)) or name.lstrip("_").startswith(_WRITERS):
            made = call.args[1:] or call.args if name.startswith(_MOVERS) else call.args
            for argument in [*made, *(keyword.value for keyword in call.keywords)]:
                if path := _of(argument, program):
                    yield path
        is_made = name.startswith(("write", "touch", "mkdir")) or (opens and _writes(call, 0))
        if is_made and isinstance(call.func, ast.Attribute) and (path := _of(call.func.value, program)):
            yield path
    for node in ast.walk(program.tree):
        if isinstance(node, ast.If):
            yield from _dispensable(node, program)


def _dispensable(node: ast.If, program: _Program) -> Iterator[str]:
    """Yield the files that are asked for and, where they are not there, made up for."""
    is_negated = any(isinstance(inside, ast.Not) for inside in ast.walk(node.test))
    without = node.body if is_negated else node.orelse
    calls = [name for statement in without for name, _ in _calls(statement)]
    gives_up = any(isinstance(inside, ast.Raise) for statement in without for inside in ast.walk(statement))
    if gives_up or "exit" in calls or (is_negated and not {*calls} - {*_SILENT}):
        return
    for name, call in _calls(node.test):
        if name in ("exists", "isfile", "is_file"):
            named = call.args[0] if call.args else call.func.value if isinstance(call.func, ast.Attribute) else None
            if named is not None and (path := _of(named, program)):
                yield path


def _writes(call: ast.Call, place: int) -> bool:
    """Say whether a call of `open` is for writing."""
    modes = [*call.args[place : place + 1], *(word.value for word in call.keywords if word.arg == "mode")]
    texts = [mode.value for mode in modes if isinstance(mode, ast.Constant) and isinstance(mode.value, str)]
    return any(re.fullmatch(r"[rbt+]*[wax][rbt+]*([:|]\w*)?", text) for text in texts)


def _path(node: ast.expr, known: _Known, depth: int = 0) -> str | None:
    """Return the path that an expression names, without dots, if it can be read off: texts, Path, join, `/`, parent."""
    if depth > _MUCH_NESTING:
        return None
    parts: list[ast.expr] = []
    up = 0
    match node:
        case ast.Constant(value=str(text)):
            return _normal(text)
        case ast.Name(id=name):
            return known.get(name)
        case ast.BinOp(op=ast.Div(), left=left, right=right):
            parts = [left, right]
        case ast.Call(
            func=ast.Name(id="Path" | "PurePath") | ast.Attribute(attr="join" | "Path"), args=[_, *_] as parts
        ):
            pass
        case ast.Call(func=ast.Attribute(value=value, attr="joinpath"), args=arguments):
            parts = [value, *arguments]
        case (
            ast.Call(func=ast.Attribute(attr="abspath" | "realpath" | "normpath"), args=[inside])
            | ast.Call(func=ast.Name(id="str") | ast.Attribute(attr="fspath"), args=[inside])
        ):
            parts = [inside]
        case ast.Call(func=ast.Attribute(value=inside, attr="resolve" | "absolute"), args=[]):
            parts = [inside]
        case ast.Call(func=ast.Name(id="dirname") | ast.Attribute(attr="dirname"), args=[inside]):
            parts, up = [inside], 1
        case ast.Attribute(value=inside, attr="parent"):
            parts, up = [inside], 1
        case ast.Subscript(value=ast.Attribute(value=inside, attr="parents"), slice=ast.Constant(value=int(above))):
            parts, up = [inside], above + 1
    names = [_path(part, known, depth + 1) for part in parts]
    if not names or not all(names) or not 0 <= up < _MUCH_NESTING:
        return None
    return _normal("/".join([*(name for name in names if name), *[".."] * up]))


def _normal(path: str) -> str | None:
    return normpath(path) if 0 < len(path) < _LONG else None


def _is_data(path: str) -> bool:
    place = PurePosixPath(path)
    return place.suffix.lower() in _SUFFIXES and not place.is_absolute() and ".." not in place.parts


def _words(name: str) -> set[str]:
    """Return the words of a name, without the s of the plural."""
    return {word.rstrip("s") for word in re.findall(r"[a-z]+", name.lower())}


def _is_output(name: str) -> bool:
    return not _words(name).isdisjoint(_OUTPUT_WORDS)


def _is_input(name: str) -> bool:
    return any(part in name.lower() for part in _INPUT_KEYS) and not _is_output(name)


def _defined(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name


def _fetched(
    tree: ast.Module, defined: Collection[str], modules: Collection[str], there: Collection[str]
) -> Iterator[str]:
    """Yield what a program would fetch from the network.

    Args:
        tree: The program.
        defined: The functions and classes of the repository.
        modules: Its modules.
        there: Files that it has or makes.
    """
    packages = {*_from_packages(tree, modules)}
    for name, call in _calls(tree):
        is_method = isinstance(call.func, ast.Attribute) and name.startswith("fetch_")  # as of a cursor
        if _first(call.func) not in packages and (name in defined or is_method):
            continue
        downloads = any(
            word.arg == "download" and isinstance(word.value, ast.Constant) and word.value.value is True
            for word in call.keywords
        )
        if name in _FETCHED or name.startswith("fetch_") or downloads:
            texts = [arg.value for arg in call.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
            if texts and not downloads and _is_local(texts[0], there):
                continue
            what = f"{name}({texts[0]!r})" if texts and not downloads else f"{name}()"
            yield what + FETCHED


def _from_packages(tree: ast.Module, modules: Collection[str]) -> Iterator[str]:
    """Yield the names that a program imports from elsewhere than the repository."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and not node.level and (node.module or "").partition(".")[0] not in modules:
            yield from (alias.asname or alias.name for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (
                alias.asname or alias.name.partition(".")[0]
                for alias in node.names
                if alias.name.partition(".")[0] not in modules
            )


def _first(node: ast.expr) -> str:
    """Return the first name of `a.b.c`; empty if it begins otherwise."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _is_local(name: str, there: Collection[str]) -> bool:
    """Say whether what would be fetched is a path, and not `model` or `organisation/model`."""
    if "://" in name:
        return False
    folder, slash, rest = name.partition("/")
    if name.startswith((".", "/", "~")) or "/" in rest or normpath(name) in there or _is_data(name):
        return True
    return bool(slash) and (folder in there or not _words(folder).isdisjoint({*_OUTPUT_WORDS, *_LOCAL}))


def _configured(text: str) -> Iterator[str]:
    """Yield the files that config.yaml names as input."""
    try:
        settings = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError):
        return
    for keys, value in _leaves(settings):
        asked = any(key in _INPUT_PARENTS for key in keys[:-1]) or (keys and _is_input(keys[-1]))
        if asked and _is_data(value) and "://" not in value and not _is_output(keys[-1]):
            yield normpath(value)


def _leaves(settings: Any) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield the texts with their keys, each dict and list once: with aliases they can hold themselves, or very much."""
    seen: set[int] = set()
    rest: list[tuple[tuple[str, ...], Any]] = [((), settings)]
    while rest:
        keys, value = rest.pop()
        if isinstance(value, str):
            yield keys, value
        elif isinstance(value, dict | list) and id(value) not in seen:
            seen.add(id(value))
            if isinstance(value, dict):
                inner = [((*keys, str(key).lower()), inside) for key, inside in value.items()]
            else:
                inner = [(keys, inside) for inside in value]
            rest += reversed(inner)
