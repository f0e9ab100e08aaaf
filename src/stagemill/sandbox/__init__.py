"""The sandbox: runs one process in a tree of files, apart from the machine, and keeps what it writes.

`NamespaceSandbox` (namespaces.py), loaded by `LateSandbox` (late.py), is what others use; `inside/` is the code of its helper processes.
"""
