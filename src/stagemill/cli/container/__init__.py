"""What `stagemill run` understands of `docker run`: its flags, what each becomes, and which there cannot be without a daemon."""
