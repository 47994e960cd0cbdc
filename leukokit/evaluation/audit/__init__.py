"""What a reader should know of a data set before trusting a score on it: functions on arrays and tables."""
