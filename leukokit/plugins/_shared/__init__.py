"""What plugins of several kinds have in common."""
