"""What `stagemill plan` shows: the report of plans that were not carried out, as text, JSON, or a graph."""
