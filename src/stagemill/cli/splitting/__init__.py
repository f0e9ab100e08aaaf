"""What `stagemill split` and `stagemill init` show and keep."""
