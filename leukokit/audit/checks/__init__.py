"""Checks: arrays and tables in, one finding out; they know neither recipe nor engine."""
