"""The flagship: sequential tests whose threshold comes from a budget of false alarms.

``kernel`` and ``control`` are the mathematics on flat lists of floats, ``layout`` says what stands where, ``plan`` makes parameters
and fresh states, ``kind`` is the detector that rules name.
"""
