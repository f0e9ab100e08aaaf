"""What `stagemill why`, `log` and `builds` show of builds that were carried out."""
