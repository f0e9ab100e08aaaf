"""The helper's side: code that runs in its processes, outside (helper, launch) and inside (init, start) the namespaces.

Only the standard library's quick imports are used here; every process of a sandbox is a fork of the helper.
"""
