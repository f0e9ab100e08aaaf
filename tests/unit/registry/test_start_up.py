"""What importing the client costs."""

from __future__ import annotations

import subprocess
import sys


def test_the_http_library_is_loaded_with_the_first_request_only() -> None:
    code = (
        "import sys; from stagemill.registry.client import RegistryClient;"
        "from stagemill.registry.config import RegistryConfig;"
        "RegistryClient(RegistryConfig()).close();"
        "print([name for name in ('urllib3', 'http.client', 'ssl', 'email') if name in sys.modules])"
    )

    printed = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout

    assert printed == "[]\n"
