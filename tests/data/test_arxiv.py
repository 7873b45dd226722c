"""arXiv and other addresses, against a real server on this machine."""

import gzip
import io
import tarfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from data import PaperError, read_paper
from data.arxiv import arxiv_id
from tests.data import small_papers
from tests.data.small_pdfs import Line, pdf

PDF = pdf(
    [[Line("Counting Sheep", 17, bold=True), Line(""), *[Line("Sheep are counted with care every single night.")] * 9]]
)


class Server:
    """Answers with what `pages` holds: status, content type and content by path."""

    def __init__(self) -> None:
        self.pages: dict[str, tuple[int, str, bytes]] = {}
        self.asked: list[str] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.asked.append(self.path)
                status, kind, content = server.pages.get(self.path, (404, "text/html", b"<html>Not found</html>"))
                self.send_response(status)
                self.send_header("Location" if status in (301, 302) else "Content-Type", kind)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    running = Server()
    monkeypatch.setenv("PAPERCODER_ARXIV_URL", running.url)
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    yield running
    running.close()


def tar(**files: str | bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, content in files.items():
            data = content.encode() if isinstance(content, str) else content
            member = tarfile.TarInfo(name.replace("__", "/") + ".tex")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return out.getvalue()


def serve_source(server: Server, content: bytes, kind: str = "application/gzip", name: str = "2401.00001") -> None:
    server.pages[f"/e-print/{name}"] = (200, kind, content)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("1706.03762", "1706.03762"),
        ("arXiv:1706.03762v5", "1706.03762v5"),
        ("arxiv: 2401.00001", "2401.00001"),
        ("cs/0112017", "cs/0112017"),
        ("math.GT/0309136v2", "math.GT/0309136v2"),
        ("paper.pdf", ""),
        ("1706.03762/extra", ""),
        ("12345.678", ""),
    ],
)
def test_an_arxiv_id_is_told_from_other_names(name: str, expected: str) -> None:
    assert arxiv_id(name) == expected


def test_the_source_archive_is_read_first(server: Server) -> None:
    serve_source(server, tar(main=small_papers.LATEX, other="Not this."))
    paper = read_paper("arXiv:2401.00001")
    assert paper.title == small_papers.TITLE
    assert paper.source == "arXiv:2401.00001"
    assert server.asked == ["/e-print/2401.00001"]


def test_a_source_of_one_file_is_read(server: Server) -> None:
    serve_source(server, gzip.compress(small_papers.LATEX.encode()), name="cs/0112017")
    assert read_paper("cs/0112017").title == small_papers.TITLE


def test_a_source_that_is_a_pdf_is_read(server: Server) -> None:
    serve_source(server, PDF, "application/pdf")
    assert read_paper("2401.00001").title == "Counting Sheep"


@pytest.mark.parametrize("answer", [(404, "text/html", b"none"), (200, "text/html", b"<html>No source</html>")])
def test_the_pdf_is_read_where_there_is_no_source(answer: tuple[int, str, bytes], server: Server) -> None:
    server.pages["/e-print/2401.00001v2"] = answer
    server.pages["/pdf/2401.00001v2"] = (200, "application/pdf", PDF)
    assert read_paper("2401.00001v2").title == "Counting Sheep"


@pytest.mark.parametrize("page", ["abs", "pdf", "html", "e-print"])
def test_every_address_of_a_paper_is_read_as_its_id(page: str, server: Server) -> None:
    serve_source(server, tar(main=small_papers.LATEX))
    suffix = ".pdf" if page == "pdf" else ""
    assert read_paper(f"{server.url}/{page}/2401.00001{suffix}").title == small_papers.TITLE
    assert read_paper(f"https://arxiv.org/{page}/2401.00001{suffix}").title == small_papers.TITLE


def test_the_address_of_arxiv_may_be_an_argument(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAPERCODER_ARXIV_URL", "http://127.0.0.1:9")
    serve_source(server, tar(main=small_papers.LATEX))
    assert read_paper("2401.00001", arxiv_url=server.url + "/").title == small_papers.TITLE


@pytest.mark.parametrize(
    ("name", "content"),
    [("sheep.md", small_papers.MARKDOWN), ("sheep.html", small_papers.HTML), ("sheep", small_papers.HTML)],
)
def test_other_addresses_are_read_by_their_content(name: str, content: str, server: Server) -> None:
    server.pages[f"/{name}"] = (200, "text/plain", content.encode())
    paper = read_paper(f"{server.url}/{name}")
    assert paper.title == small_papers.TITLE
    assert paper.source == f"{server.url}/{name}"


def test_latex_and_pdf_at_other_addresses_are_read(server: Server) -> None:
    server.pages["/sheep.tex"] = (200, "text/plain", small_papers.LATEX.encode())
    server.pages["/files/sheep.pdf"] = (200, "application/octet-stream", PDF)
    server.pages["/moved"] = (302, "/files/sheep.pdf", b"")
    assert read_paper(f"{server.url}/sheep.tex").title == small_papers.TITLE
    assert read_paper(f"{server.url}/files/sheep.pdf").title == "Counting Sheep"
    assert read_paper(f"{server.url}/moved").title == "Counting Sheep"


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (429, "too many requests"),
        (503, "too many requests"),
        (500, "failing server"),
        (403, "refuses"),
        (404, "no paper"),
    ],
)
def test_each_refusal_is_named(status: int, reason: str, server: Server) -> None:
    server.pages["/pdf/2401.00001"] = (status, "text/html", b"<html>Sorry</html>")
    with pytest.raises(PaperError, match=reason) as caught:
        read_paper("2401.00001")
    assert "2401.00001" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_page_in_place_of_a_pdf_is_an_error(server: Server) -> None:
    server.pages["/pdf/2401.00001"] = (200, "text/html", b"<!DOCTYPE html><html>Robot?</html>")
    server.pages["/sheep.pdf"] = (200, "application/pdf", b"<html>Robot?</html>")
    for name in ("2401.00001", f"{server.url}/sheep.pdf"):
        with pytest.raises(PaperError, match="answers with an HTML page instead of a PDF"):
            read_paper(name)


def test_no_network_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAPERCODER_ARXIV_URL", "http://127.0.0.1:9")
    with pytest.raises(PaperError, match="cannot be reached"):
        read_paper("2401.00001")


def test_a_redirect_without_end_is_an_error(server: Server) -> None:
    server.pages["/loop"] = (302, "/loop", b"")
    with pytest.raises(PaperError, match="cannot be reached"):
        read_paper(f"{server.url}/loop")


def test_an_address_that_is_none_is_an_error() -> None:
    with pytest.raises(PaperError, match="http://:bad"):
        read_paper("http://:bad")
    with pytest.raises(PaperError, match="no address of a paper on arXiv"):
        read_paper("https://arxiv.org/list/cs.LG/recent")


def test_an_archive_that_writes_outside_its_folder_is_refused(server: Server) -> None:
    serve_source(server, tar(main=small_papers.LATEX, **{"..__evil": "outside"}))
    with pytest.raises(PaperError, match="would write outside its folder"):
        read_paper("2401.00001")


def test_an_archive_with_a_link_to_outside_is_refused(server: Server) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        link = tarfile.TarInfo("main.tex")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/hostname"
        archive.addfile(link)
    serve_source(server, out.getvalue())
    with pytest.raises(PaperError, match="outside its folder"):
        read_paper("2401.00001")


def test_an_archive_without_tex_is_an_error_that_names_the_paper(server: Server) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        archive.addfile(tarfile.TarInfo("readme.txt"))
    serve_source(server, out.getvalue())
    with pytest.raises(PaperError, match=r"2401\.00001.*has no \.tex file"):
        read_paper("2401.00001")


def test_a_damaged_or_cut_archive_is_an_error(server: Server) -> None:
    whole = tar(main=small_papers.LATEX)
    for content in (whole[: len(whole) // 2], whole[:20] + b"garbage" * 20):
        serve_source(server, content)
        with pytest.raises(PaperError, match="gzip file"):
            read_paper("2401.00001")


def test_an_archive_that_unpacks_without_measure_is_refused(server: Server) -> None:
    serve_source(server, gzip.compress(bytes(301_000_000), 1))
    with pytest.raises(PaperError, match="unpacks to more than"):
        read_paper("2401.00001")


def test_a_local_archive_is_read_like_one_of_arxiv(tmp_path: Path) -> None:
    (tmp_path / "sheep.tar.gz").write_bytes(tar(paper__main=small_papers.LATEX))
    assert read_paper(tmp_path / "sheep.tar.gz").title == small_papers.TITLE
