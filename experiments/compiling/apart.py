"""Work that an interrupt does not wait for: optimizers, left to themselves, wait for all that is under way."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextvars import copy_context
from typing import TypeVar

T = TypeVar("T")


def apart(work: Callable[[], T]) -> T:
    """Do it in a thread of its own, with the context of this one; return what it returns, raise what it raises."""
    future: Future[T] = Future()

    def do() -> None:
        try:
            future.set_result(work())
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=copy_context().run, args=(do,), daemon=True).start()
    return future.result()
