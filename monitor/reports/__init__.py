"""The monthly statement as files. Reports are given plain values and know no store: the same values give the same bytes.

Adding a format: one file with a function ``(Statement, languages) -> {file name: bytes}``; one line in ``table.py``.
"""
