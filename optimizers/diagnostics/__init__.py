"""Unit tests of optimizers: small tasks, each with a goal and one difficulty, and the matrix of rules by tests.

This package is for both rooms below the app: it runs the rules of `optimizers` on the landscapes of `surfaces`.
T. Schaul, I. Antonoglou & D. Silver (2013), Unit Tests for Stochastic Optimization, began such collections.
"""

from optimizers.diagnostics.catalogue import GROUPS, UNIT_TESTS
from optimizers.diagnostics.matrix import Cell, Setting, attempts, diagnose, units
from optimizers.diagnostics.unit_test import UnitTest

__all__ = ["GROUPS", "UNIT_TESTS", "Cell", "Setting", "UnitTest", "attempts", "diagnose", "units"]
