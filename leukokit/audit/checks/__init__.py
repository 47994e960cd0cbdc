"""Checks: functions from arrays and tables to one finding, without recipe or engine."""
