"""The command ``leukokit``."""

from __future__ import annotations


def main() -> None:
    """Run the command line."""
    from leukokit.cli import main as command
    from leukokit.cli._process_edges import keep_stdout_for_results, run_to_the_end

    keep_stdout_for_results()
    run_to_the_end(lambda: command(prog_name="leukokit"))


if __name__ == "__main__":
    main()
