"""Output: data on stdout, everything else on stderr, and no text from outside reaches the terminal raw."""

from __future__ import annotations

import re
import sys
from typing import Any

from leukokit.ids import written_id

_ESCAPES = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)?|[@-Z\\-_])?")


def safe(text: object) -> str:
    """Make text from file names, recipes and plugins harmless to print.

    Terminal escape sequences are dropped; other control characters, and bytes that are no text (half
    surrogates), are shown by their code.
    """
    return written_id(_ESCAPES.sub("", str(text)))


def console(*, stderr: bool = False) -> Any:
    """Return a rich console; colors only on a terminal, and not where NO_COLOR is set."""
    from rich.console import Console

    wide = None if (sys.stderr if stderr else sys.stdout).isatty() else 100
    return Console(stderr=stderr, highlight=False, markup=False, emoji=False, width=wide)


def print_error(message: str, *, label: str = "error: ") -> None:
    """Write a message to stderr."""
    from rich.text import Text

    console(stderr=True).print(Text.assemble((label, "bold red"), safe(message)), soft_wrap=True)


def print_warning(message: str) -> None:
    """Write a warning to stderr."""
    from rich.text import Text

    console(stderr=True).print(Text.assemble(("warning: ", "bold yellow"), safe(message)), soft_wrap=True)
