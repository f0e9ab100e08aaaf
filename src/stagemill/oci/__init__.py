"""The nouns of the OCI image specification, as frozen values that read and write their JSON."""
