"""What would have saved time: a file for each sort of advice."""
