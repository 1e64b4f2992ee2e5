"""Unit tests of rules: series in a compact notation, times, and the alerts that must stand then. In the manner of promtool.

``notation`` reads a series, ``grammar`` says what may stand in a file, ``read`` makes cases of it, ``run`` plays them.
"""
