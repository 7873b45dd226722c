"""Backbones: the language models behind the roles, each a source of answers behind one engine with one transcript."""
