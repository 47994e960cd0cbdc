"""Classifiers of feature tables: scikit-learn pipelines, kept without pickle."""
