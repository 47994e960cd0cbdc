"""Public test kit for plugin authors: one decorator adds all conformance checks, each as one test.

::

    from leukokit.testing import conformance
    from my_package.segmenter import Otsu

    @conformance(Otsu, threshold=0.5)
    def test_otsu_keeps_the_contract(check):
        check()
"""

from leukokit.testing.conformance import Check, component_checks, conformance

__all__ = ["Check", "component_checks", "conformance"]
