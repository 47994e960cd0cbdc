"""The command ``leukokit``: signal handlers first, so that a signal ends everything that follows."""

from __future__ import annotations

from leukokit.process import stop


def main() -> None:
    """Run the command line."""
    stop.install()
    from leukokit.cli import main as command
    from leukokit.cli._stdout_and_exit import end_despite_threads, keep_stdout_for_results

    keep_stdout_for_results()
    try:
        command(prog_name="leukokit")
    except SystemExit as end:
        stop.end_soon(end)
        end_despite_threads(end.code)
        raise


if __name__ == "__main__":
    main()
