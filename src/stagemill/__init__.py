"""stagemill turns a Dockerfile with many stages into an OCI image, without a daemon and without root."""

__version__ = "0.1.0"
