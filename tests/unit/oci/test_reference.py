"""Names of images."""

from __future__ import annotations

import pytest

from stagemill.digest import Digest
from stagemill.oci.reference import Reference

D = Digest.of(b"x")
LONG = "a" * 300


@pytest.mark.parametrize(
    ("text", "full", "familiar"),
    [
        ("alpine", "docker.io/library/alpine:latest", "alpine:latest"),
        ("alpine:3.20", "docker.io/library/alpine:3.20", "alpine:3.20"),
        ("grafana/loki", "docker.io/grafana/loki:latest", "grafana/loki:latest"),
        ("docker.io/alpine", "docker.io/library/alpine:latest", "alpine:latest"),
        ("index.docker.io/library/alpine:1", "docker.io/library/alpine:1", "alpine:1"),
        ("ghcr.io/o/r/i:v1", "ghcr.io/o/r/i:v1", "ghcr.io/o/r/i:v1"),
        ("localhost/x", "localhost/x:latest", "localhost/x:latest"),
        ("localhost:5000/x:t", "localhost:5000/x:t", "localhost:5000/x:t"),
        ("host:5000/x", "host:5000/x:latest", "host:5000/x:latest"),
        ("[::1]:5000/x", "[::1]:5000/x:latest", "[::1]:5000/x:latest"),
        ("Registry/x", "Registry/x:latest", "Registry/x:latest"),
        ("gcr.io/distroless/static", "gcr.io/distroless/static:latest", "gcr.io/distroless/static:latest"),
        (f"alpine@{D}", f"docker.io/library/alpine@{D}", f"alpine@{D}"),
        (f"alpine:3@{D}", f"docker.io/library/alpine:3@{D}", f"alpine:3@{D}"),
        ("a.b/c__d-e--f.g:T_1.2-3", "a.b/c__d-e--f.g:T_1.2-3", "a.b/c__d-e--f.g:T_1.2-3"),
        ("host:5000", "docker.io/library/host:5000", "host:5000"),
    ],
)
def test_a_name_is_completed_and_shown_as_people_write_it(text: str, full: str, familiar: str) -> None:
    reference = Reference.parse(text)

    assert (str(reference), reference.familiar) == (full, familiar)
    assert Reference.parse(str(reference)) == reference
    assert Reference.parse(reference.familiar) == reference


def test_a_digest_is_kept_beside_the_tag() -> None:
    assert Reference.parse(f"a:b@{D}") == Reference("docker.io", "library/a", "b", D)
    assert Reference.parse(f"a@{D}").tag == ""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "'' is no image reference: invalid repository"),
        ("Alpine", "'Alpine' is no image reference: repository names are in lower case"),
        ("ghcr.io/A/b", "'ghcr.io/A/b' is no image reference: repository names are in lower case"),
        ("a b", "'a b' is no image reference: invalid repository"),
        ("a/", "'a/' is no image reference: invalid repository"),
        ("/a", "'/a' is no image reference: invalid repository"),
        ("a//b", "'a//b' is no image reference: invalid repository"),
        ("-a", "'-a' is no image reference: invalid repository"),
        ("a\n", "'a\\n' is no image reference: invalid repository"),
        ("${X}", "'${X}' is no image reference: repository names are in lower case"),
        ("a:", "'a:' has an invalid tag ''"),
        ("a:b:c", "'a:b:c' has an invalid tag 'b:c'"),
        ("a:-b", "'a:-b' has an invalid tag '-b'"),
        ("a:" + "b" * 129, f"'a:{'b' * 129}' has an invalid tag '{'b' * 129}'"),
        ("a@", "'a@' has an invalid digest: want sha256: and 64 hex digits"),
        ("a@sha256:12", "'a@sha256:12' has an invalid digest: want sha256: and 64 hex digits"),
        ("a_.b/c", "'a_.b/c' is no image reference: invalid registry 'a_.b'"),
        (D.hex, f"'{D.hex}' is no image reference: it looks like the digest of an image"),
        (LONG, f"'{LONG[:40]}'… is no image reference: names have at most 255 characters"),
    ],
)
def test_what_is_no_name_is_an_error_in_words(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=r"image reference|invalid") as caught:
        Reference.parse(text)

    assert str(caught.value) == message
