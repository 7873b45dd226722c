"""Files from the net, with limits on time and size, and an error for every answer that is none."""

import time
from typing import NamedTuple

from data.errors import PaperError

SIZE_LIMIT = 100_000_000
_TIMEOUT = 30.0
_SECONDS = 180.0


class Answer(NamedTuple):
    """What an address has answered."""

    content: bytes
    kind: str
    """The content type, lower-case and without parameters."""
    url: str
    """The address after redirects."""


class MissingFileError(PaperError):
    """The address answers that it has nothing (404, 410)."""


def fetch(url: str, size_limit: int = SIZE_LIMIT) -> Answer:
    """Get a file.

    Raises:
        MissingFileError: The server has no such file.
        PaperError: The server cannot be reached, refuses, or answers with too much.
    """
    import httpx

    try:
        with (
            httpx.Client(follow_redirects=True, timeout=_TIMEOUT, headers={"User-Agent": "papercoder"}) as client,
            client.stream("GET", url) as response,
        ):
            _check_status(response.status_code, url)
            content = bytearray()
            deadline = time.monotonic() + _SECONDS
            for chunk in response.iter_bytes():
                content += chunk
                if len(content) > size_limit:
                    raise PaperError(f"{url} is larger than {size_limit:,} bytes; that is no paper.")
                if time.monotonic() > deadline:
                    raise PaperError(f"{url} takes longer than {_SECONDS:.0f} s; try again later.")
            kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
            return Answer(bytes(content), kind, str(response.url))
    except httpx.TimeoutException as error:
        raise PaperError(f"{url} does not answer in {_TIMEOUT:.0f} s; try again later.") from error
    except httpx.InvalidURL as error:
        raise PaperError(f"{url!r} is no valid address ({error}); correct it.") from error
    except httpx.HTTPError as error:
        reason = str(error) or type(error).__name__
        raise PaperError(f"{url} cannot be reached ({reason}); check the network, or give a file.") from error


def _check_status(status: int, url: str) -> None:
    if status in (404, 410):
        raise MissingFileError(f"{url} does not exist (HTTP {status}); check the address.")
    if status in (429, 503):
        raise PaperError(f"{url} refuses because of too many requests (HTTP {status}); try again in some minutes.")
    if status >= 500:
        raise PaperError(f"{url} has a failing server (HTTP {status}); try again later.")
    if status >= 400:
        raise PaperError(f"{url} refuses (HTTP {status}); download the file and give that.")
    if status != 200:
        raise PaperError(f"{url} answers with HTTP {status} and no file; give another address.")
