"""Small PDFs, written byte by byte."""

from typing import NamedTuple


class Line(NamedTuple):
    """A line of print."""

    text: str
    size: float = 10
    bold: bool = False
    x: float = 72


def pdf(pages: list[list[Line]], extra: str = "") -> bytes:
    """Write a PDF with Helvetica in two weights; `extra` goes into its trailer."""
    kids = " ".join(f"{5 + 2 * i} 0 R" for i in range(len(pages)))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold >>",
    ]
    for index, lines in enumerate(pages):
        content = _content(lines)
        objects.append(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] "
            f"/Resources << /Font << /F1 3 0 R /F2 4 0 R >> >> /Contents {6 + 2 * index} 0 R >>"
        )
        objects.append(f"<< /Length {len(content)} >>\nstream\n{content}\nendstream")
    return _file(objects, extra)


def encrypted_pdf() -> bytes:
    """A PDF that asks for a password: its keys fit no empty one."""
    keys = f"/O <{'11' * 32}> /U <{'22' * 32}>"
    trailer = f"/Encrypt << /Filter /Standard /V 1 /R 2 /Length 40 /P -44 {keys} >> /ID [<{'33' * 16}> <{'33' * 16}>]"
    return pdf([[Line("Secret")]], trailer)


def scanned_pdf() -> bytes:
    """A PDF with two pages and no text."""
    return pdf([[], []])


def _content(lines: list[Line]) -> str:
    top, parts = 740.0, []
    for line in lines:
        top -= 1.3 * line.size
        text = line.text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
        parts.append(f"BT /F{2 if line.bold else 1} {line.size} Tf {line.x} {top:.1f} Td ({text}) Tj ET")
        top -= 0.6 * line.size if line.bold or not line.text else 0
    return "\n".join(parts)


def _file(objects: list[str], extra: str) -> bytes:
    out = b"%PDF-1.4\n"
    offsets = []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n{content}\nendobj\n".encode("latin-1")
    start = len(out)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    out += b"".join(f"{offset:010d} 00000 n \n".encode() for offset in offsets)
    trailer = f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R {extra} >>\nstartxref\n{start}\n%%EOF\n"
    return out + trailer.encode()
