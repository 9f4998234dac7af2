"""What ours is measured against, kept as its own users would write it, and the servers that feed both."""
