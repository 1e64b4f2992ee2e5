"""The family of signers: each puts one kind of credential on a request.

Adding a kind: one file with its ``Options`` on top and a class keeping ``monitor.probes.Signature``'s two methods; one line in
``table.py``; it inherits ``tests/signers/contract.py``.
"""
