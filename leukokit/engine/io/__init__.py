"""Files that runs read and write."""
