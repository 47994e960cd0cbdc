"""EfficientNet-Lite for leukokit."""
