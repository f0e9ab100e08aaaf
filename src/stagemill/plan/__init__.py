"""From a Dockerfile's tree to a graph of operations: stages, scopes of ARG and ENV, one function per instruction."""
