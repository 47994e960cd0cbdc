"""``leukokit doctor``: what this machine has, and what is missing for what."""

from __future__ import annotations

import click


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(as_json: bool) -> None:
    """Examine this installation and machine."""
    import json

    from leukokit.cache_folder import default_cache
    from leukokit.engine.doctor import examine

    findings = examine(default_cache())
    if as_json:
        facts = [{"area": f.area, "level": f.level.value, "text": f.text, "hint": f.hint} for f in findings]
        click.echo(json.dumps(facts, indent=2))
    else:
        marks = {
            "ok": click.style("ok  ", fg="green"),
            "note": click.style("note", fg="cyan"),
            "fail": click.style("FAIL", fg="red"),
        }
        for finding in findings:
            click.echo(f"{marks[finding.level.value]}  {finding.area:<10} {finding.text}")
            if finding.hint:
                click.echo(f"{'':17}{finding.hint}")
    raise SystemExit(1 if any(finding.level.value == "fail" for finding in findings) else 0)
