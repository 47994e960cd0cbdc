"""Gated attention over bags: one answer for a group of images (a patient, a slide), from their features."""
