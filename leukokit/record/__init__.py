"""The JSON files of a run directory as typed models: one way to write them, one to read them.

Nothing here computes: numbers and plain types go in, bytes come out, and back. The JSON Schema of all models
is what ``leukokit schema run`` prints.
"""
