"""A simulated language model behind a real OpenAI-compatible HTTP server on loopback.

It answers every stage's prompt with a valid artifact for a repository of a given shape, after a given delay.
Replies can be replaced, to simulate what providers do when they fail.
"""

import json
import re
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from signatures.planning import is_test
from signatures.sections import COMPLETED, header


@dataclass(frozen=True)
class Reply:
    """What the server sends back."""

    body: bytes | None
    """None: the connection is reset instead."""
    status: int = 200
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    then: Callable[[], object] = lambda: None
    """Called once it is sent."""


@dataclass(frozen=True)
class Ask:
    """A prompt as the server saw it."""

    number: int
    step: str
    subject: str
    prompt: str
    again: bool
    """Whether it quotes a rejected answer."""
    authorization: str = ""
    settings: dict[str, Any] = field(default_factory=dict)
    """The request without its messages."""


def plan_files(files: int, depth: int) -> dict[str, list[str]]:
    """Return files with their dependencies: `depth` layers, the entry point and a test in the last one."""
    names = [f"part_{number:02d}.py" for number in range(files - 2)]
    layers = [names[layer :: depth - 1] for layer in range(depth - 1)] if depth > 1 else [[], names]
    depends: dict[str, list[str]] = {}
    for layer, members in enumerate(layers):
        for place, name in enumerate(members):
            before = layers[layer - 1] if layer else []
            depends[name] = [before[place % len(before)]] if before else []
    last = layers[-1][:2] if depth > 1 else []
    return depends | {"main.py": last, "tests/test_parts.py": last}


class SimulatedModel:
    """Answers prompts; override `answers` by step, or by (step, subject), to misbehave."""

    def __init__(self, files: int = 8, depth: int = 3) -> None:
        self.files = plan_files(files, depth)
        self.answers: dict[str | tuple[str, str], Callable[[Ask], str]] = {}

    def answer(self, ask: Ask) -> str:
        """Return the text of the answer."""
        special = self.answers.get((ask.step, ask.subject)) or self.answers.get(ask.step)
        if special:
            return special(ask)
        if ask.step == "check":
            return "ready"
        return sections(getattr(self, f"_{ask.step}")(ask.subject))

    def _overall_plan(self, _: str) -> dict[str, Any]:
        kinds = ("data processing", "method", "evaluation")
        return {
            "method": "Minimise the loss of Equation (1).",
            "experiments": "One generated data set, three seeds.",
            "strategy": "Data first, then the model.",
            "components": [
                {"name": kind, "kind": kind, "place": "Section 2", "description": f"The {kind}."} for kind in kinds
            ],
            "results": [{"name": "Table 1", "place": "Section 3", "shows": "Error of each method."}],
            "assumptions": [
                {
                    "name": "initial weights",
                    "reason": "not given",
                    "paper": "Section 2",
                    "choice": "zeros",
                    "code": "main.py",
                }
            ],
        }

    def _architecture_design(self, _: str) -> dict[str, Any]:
        return {
            "approach": "Plain numpy.",
            "files": [{"path": path, "purpose": f"Holds {path}."} for path in self.files],
            "entry_point": "main.py",
            "class_diagram": "classDiagram\n    class Model\n    Model : +fit()",
            "sequence_diagram": "sequenceDiagram\n    Main->>Model: fit()",
            "unclear": "Nothing.",
        }

    def _logic_design(self, _: str) -> dict[str, Any]:
        tasks = [
            {"path": path, "role": f"Defines {path}.", "depends_on": depends, "components": [], "assumptions": []}
            for path, depends in self.files.items()
        ]
        tasks[0] |= {"components": ["data processing", "method", "evaluation"], "assumptions": ["initial weights"]}
        return {
            "tasks": tasks,
            "commands": [{"result": "Table 1", "command": "python main.py", "output": "results.json"}],
            "quick_command": "python main.py --quick",
            "packages": ["numpy>=1.26", "pytest>=8"],
            "other_packages": [],
            "shared_knowledge": "Arrays are (n, d).",
            "api": "",
            "unclear": "Nothing.",
        }

    def _configuration(self, _: str) -> dict[str, Any]:
        return {
            "content": "seeds: [0, 1, 2]  # paper: Section 3\nrate: 0.1  # ours: not given\n"
            "quick:\n  seeds: [0]  # ours: quick mode",
            "assumptions": [],
        }

    def _file_analysis(self, subject: str) -> dict[str, Any]:
        return {"analysis": f"What {subject} does, in detail.", "assumptions": []}

    def _source_file(self, subject: str) -> dict[str, Any]:
        name = re.sub(r"\W", "_", subject)
        kind = "test" if is_test(subject) else "function"
        lines = [f"def {kind}_{number}_{name}(x: int) -> int:\n    return x + {number}\n" for number in range(8)]
        return {"content": "\n".join(lines), "assumptions": []}


def sections(fields: dict[str, Any]) -> str:
    """Return an answer in the form that prompts ask for."""
    parts = [
        f"{header(name)}\n{value if isinstance(value, str) else json.dumps(value)}\n" for name, value in fields.items()
    ]
    return "\n".join([*parts, header(COMPLETED)])


ASKED_AGAIN = "This answer cannot be used"
"""Stands in the prompt after each rejected answer."""

_STEPS = {"method": "overall_plan", "approach": "architecture_design", "tasks": "logic_design"}


def read_ask(prompt: str) -> Ask:
    """Find out what a prompt asks for."""
    head, _, task = prompt.rpartition(header("task"))
    if not head:
        return Ask(0, "check", "", prompt, again=False)
    found = re.search(r"beginning with \[\[ ## (\w+) ## \]\]", task)
    first = found[1] if found else ""
    file = task.partition(header("file"))[2]
    subject = json.JSONDecoder().raw_decode(file.strip())[0]["path"] if file else ""
    step = _STEPS.get(first) or ("file_analysis" if first == "analysis" else "source_file" if file else "configuration")
    return Ask(0, step, subject, prompt, again=ASKED_AGAIN in task)


class Server(ThreadingHTTPServer):
    """The server; `asks` is what it was asked, `replies` replaces replies by number, from 0.

    A replacement may be a function of the request; one that returns None leaves the answer to the model.
    """

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, model: SimulatedModel, delay: float = 0.0) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.model = model
        self.delay = delay
        self.asks: list[Ask] = []
        self.replies: dict[int, Reply | Callable[[Ask], Reply | None]] = {}
        self.always: Reply | Callable[[Ask], Reply | None] | None = None
        """The reply to every request that `replies` does not name."""
        self.stopped = threading.Event()
        """Set when the server stops; a reply that waits for it comes too late."""
        self.open: set[int] = set()
        """Numbers of the requests under way."""
        self.lock = threading.Lock()

    @property
    def address(self) -> str:
        """The base address of its API."""
        return f"http://127.0.0.1:{self.server_port}/v1"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Keep quiet about clients that are gone."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    def reply(self, body: dict[str, Any], authorization: str) -> Reply:
        """Answer one request."""
        with self.lock:
            prompt = "\n\n".join(message["content"] for message in body["messages"])
            settings = {key: value for key, value in body.items() if key != "messages"}
            ask = replace(read_ask(prompt), number=len(self.asks), authorization=authorization, settings=settings)
            self.asks.append(ask)
            self.open.add(ask.number)
        try:
            return self._answer(ask)
        finally:
            self.open.discard(ask.number)

    def _answer(self, ask: Ask) -> Reply:
        special = self.replies.get(ask.number, self.always)
        if callable(special):
            special = special(ask)
        if special is not None:
            return special
        time.sleep(self.delay)
        return completion(self.model.answer(ask), ask.prompt)


def completion(text: str, prompt: str = "", finish_reason: str = "stop") -> Reply:
    """Return a chat completion as OpenAI-compatible servers send it."""
    usage = {"prompt_tokens": len(prompt) // 4, "completion_tokens": len(text) // 4}
    usage["total_tokens"] = sum(usage.values())
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": finish_reason}
    body = {"id": "c", "object": "chat.completion", "model": "simulated", "choices": [choice], "usage": usage}
    return Reply(json.dumps(body).encode())


def failure(status: int, message: str, **headers: str) -> Reply:
    """Return an error as OpenAI-compatible servers send it; `Retry_After="1"` is a header."""
    body = {"error": {"message": message, "type": "error", "code": None}}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(json.dumps(body).encode(), status, headers=named)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    def do_POST(self) -> None:
        """Answer a chat completion request."""
        content = self.rfile.read(int(self.headers["Content-Length"]))
        if len(content) < int(self.headers["Content-Length"]):
            return  # the client is gone
        body = json.loads(content)
        reply = self.server.reply(body, self.headers.get("Authorization", ""))
        if reply.body is None:
            self.close_connection = True
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            return
        head = {"Content-Type": reply.content_type, "Content-Length": str(len(reply.body)), **reply.headers}
        self.send_response(reply.status)
        for name, value in head.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(reply.body)
        reply.then()

    def log_message(self, format: str, *args: Any) -> None:
        """Keep quiet."""


@contextmanager
def serving(model: SimulatedModel, delay: float = 0.0) -> Iterator[Server]:
    """Run a server for as long as the block lasts."""
    server = Server(model, delay)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.stopped.set()
        server.shutdown()
        server.server_close()
