"""What importing the client costs."""

from __future__ import annotations

import subprocess
import sys

from fakes.connecting import of, pushed
from fakes.registry import FakeRegistry


def test_the_http_library_is_loaded_with_the_first_request_only() -> None:
    code = (
        "import sys; from stagemill.registry.client import RegistryClient;"
        "from stagemill.registry.config import RegistryConfig;"
        "RegistryClient(RegistryConfig()).close();"
        "print([name for name in ('urllib3', 'http.client', 'ssl', 'email') if name in sys.modules])"
    )

    printed = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout

    assert printed == "[]\n"


def test_what_a_tag_stands_for_is_asked_over_plain_http_without_the_http_library() -> None:
    with FakeRegistry() as registry:
        image = pushed(registry)
        code = (
            "import sys; from stagemill.oci.reference import Reference;"
            "from stagemill.registry.client import RegistryClient;"
            "from stagemill.registry.config import RegistryConfig;"
            f"print(RegistryClient(RegistryConfig()).head(Reference.parse({str(of(registry))!r})));"
            "print([name for name in ('urllib3', 'http.client', 'ssl', 'email', 'encodings.idna') if name in sys.modules])"
        )

        printed = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout

    assert printed == f"{image.digest}\n[]\n"
