"""What can be measured on any smear before it is segmented: thresholds, white balance, red cells, scale.

Engine and plugins both need these measurements, so they stand below ``leukokit.api``, which hands them out.
"""
