"""What a run is worth: from its records to one level of trust and a few plain sentences.

``evidence.py`` says what is known, each rule in ``rules/`` gives reasons, ``conclude.py`` makes the verdict
of them, and ``of_run.py`` reads a run directory. No rule takes silence for a good sign: what was not measured
is a reason not to trust.
"""
