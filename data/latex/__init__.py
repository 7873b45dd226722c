"""LaTeX sources: gathering their files, expanding their macros, writing them as Markdown."""
