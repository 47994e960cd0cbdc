"""The command ``leukokit``: first the handlers of signals, so that those end whatever comes after."""

from __future__ import annotations

from leukokit.process import stop


def main() -> None:
    """Run the command line."""
    stop.install()
    from leukokit.cli import main as command
    from leukokit.cli._process_edges import end_despite_threads, keep_stdout_for_results

    keep_stdout_for_results()
    try:
        command(prog_name="leukokit")
    except SystemExit as end:
        stop.end_soon(end)
        end_despite_threads(end.code)
        raise


if __name__ == "__main__":
    main()
