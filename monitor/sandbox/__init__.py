"""A stateful payment gateway with fault knobs: the demo's target and the tests' world.

It stands beside the floors of the house and knows ``monitor.model`` only. Inside, everything that decides is pure and is
handed its instants (``cards``, ``payment``, ``ledger``, ``keys``, ``core``, the two dialects, ``faults``, ``tickets``);
everything that acts is a thin shell around it (``gate``, ``control``, ``desk``, ``server``).
"""
