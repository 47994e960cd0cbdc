"""Classifiers of feature tables: scikit-learn pipelines, saved without pickle."""
