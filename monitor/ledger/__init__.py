"""The money ledger, pure: what was intended, what came of it, and what must be done until the gateway shows nothing open.

Everything is an *entry*, written down in order and never changed. A transaction is the fold of its entries (``machine``), the books
are the fold of all of them (``books``). What to do next about a transaction is worked out from it and from what the gateway shows
(``decide``). The invariants, each asserted by a test:

1. nothing is sent without a durable intent that holds amount, currency, key, reference and the plan that undoes it;
2. every intent ends closed, or stays in an open incident;
3. a step that takes money is sent once: what became of it is asked for, never tried again;
4. what was given back equals what was taken, by the gateway's own account;
5. states only move forward;
6. a crash at any point, followed by a start, comes to the same end at the gateway.
"""
