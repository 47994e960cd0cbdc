"""Measurements on a smear before segmentation: thresholds, white balance, red cells, scale.

Engine and plugins both use them. They are a layer below ``leukokit.api``, which re-exports them for plugins.
"""
