"""The script of a check as values: expressions, templates, the generator of steps, the judgement of answers.

``expressions`` and ``template`` compile what the user wrote; ``script`` is the transaction; ``judge`` and ``dialects`` say what
an exchange came to. Nothing here does I/O.
"""
