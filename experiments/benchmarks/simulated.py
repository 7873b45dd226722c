"""A simulated language model behind a real OpenAI-compatible HTTP server on loopback.

It answers every prompt of the program, the baselines and the judge with a valid artifact (`Answers`), after a given
delay.
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

from experiments.benchmarks.answers import Answers, section
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


class SimulatedModel(Answers):
    """Answers prompts; override `answers` by step, or by (step, subject), to misbehave."""

    def __init__(self, files: int = 8, depth: int = 3) -> None:
        super().__init__(files, depth)
        self.answers: dict[str | tuple[str, str], Callable[[Ask], str]] = {}

    def answer(self, ask: Ask) -> str:
        """Return the text of the answer."""
        special = self.answers.get((ask.step, ask.subject)) or self.answers.get(ask.step)
        if special:
            return special(ask)
        if ask.step == "check":
            return "ready"
        return sections(self.fields(ask.step, ask.subject, ask.prompt))


def sections(fields: dict[str, Any]) -> str:
    """Return an answer in the form that prompts ask for."""
    parts = [
        f"{header(name)}\n{value if isinstance(value, str) else json.dumps(value)}\n" for name, value in fields.items()
    ]
    return "\n".join([*parts, header(COMPLETED)])


ASKED_AGAIN = "This answer cannot be used"
"""Stands in the prompt after each rejected answer."""

_STEPS = {
    "method": "overall_plan",
    "approach": "architecture_design",
    "tasks": "logic_design",
    "analysis": "file_analysis",
    "components": "required_components",
    "critiques": "rating",
    "findings": "assessment",
    "goal": "product_demand",
    "modality": "technical_proposal",
    "objections": "appraisal",
    "questions": "details_asked",
    "answers": "details_given",
    "faults": "code_review",
    "product_goals": "product_requirements",
    "implementation_approach": "system_design",
    "packages": "task_list",
    "content": "configuration",
    "files": "source_files",
    "file": "fault",
    "edits": "repair",
    "program": "stand_ins",
}
"""What is asked for, by the first header of the form of its answer."""

_ALIKE = {
    ("modality", "objections"): "revised_proposal",
    ("faults", "check_findings"): "test_report",
    ("content", "file"): "source_file",
    ("content", "path"): "written_file",
    ("files", "tree"): "selection",
    ("files", "found_by"): "mended_files",
    ("files", "details"): "written_repository",
    ("files", "check_findings"): "repaired_files",
    ("files", "product_requirements"): "written_tests",
    ("edits", "faults"): "mending",
}
"""The same where several answers begin alike, by an input that only this one has."""


def read_ask(prompt: str) -> Ask:
    """Find out what a prompt asks for."""
    head, _, task = prompt.rpartition(header("task"))
    if not head:
        return Ask(0, "check", "", prompt, again=False)
    found = re.search(r"beginning with \[\[ ## (\w+) ## \]\]", task)
    first = found[1] if found else ""
    examples, _, last = task.rpartition(header("example"))
    task = examples.partition(header("example"))[0] + last.partition(header(COMPLETED))[2] if examples else task
    alike = (step for (begin, own), step in _ALIKE.items() if begin == first and header(own) in task)
    subject = section(task, "path")
    if (file := section(task, "file")).startswith("{"):
        subject = json.JSONDecoder().raw_decode(file)[0]["path"]
    return Ask(0, next(alike, _STEPS.get(first, first)), subject, prompt, again=ASKED_AGAIN in task)


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
        self.most_open = 0
        """How many requests were under way at once, at most."""
        self.times: dict[int, tuple[float, float]] = {}
        """When each request came and when its answer was ready, by number, in seconds."""
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
            self.most_open = max(self.most_open, len(self.open))
            came = time.monotonic()
        try:
            return self._answer(ask)
        finally:
            with self.lock:
                self.open.discard(ask.number)
                self.times[ask.number] = (came, time.monotonic())

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
