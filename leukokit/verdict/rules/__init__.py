"""The rules: each takes the evidence and gives its reasons, good or bad. ``docs/verdict.md`` lists them."""
