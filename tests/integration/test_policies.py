"""Policies in Rego by the real command line, with servers on loopback."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.root

POLICY = """\
package docker

default allow := false

allow if input.local
allow if endswith(input.image.fullRepo, "/team/good")
allow if input.http.path == "/good"
allow if { endswith(input.git.remote, "/good.git"); input.git.branch == "main" }

deny_msg contains sprintf("%s is not one of ours", [input.image.fullRepo]) if input.image
deny_msg contains sprintf("%s, for %s", [input.http.path, input.env.target]) if input.http
deny_msg contains input.git.remote if input.git

decision := {"allow": allow, "deny_msg": deny_msg}
"""
