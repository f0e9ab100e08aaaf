"""`SecretLiteral`: a key or token written into the Dockerfile itself."""

from __future__ import annotations

import pytest

from fakes.linting import findings, lines_found

RULE = "SecretLiteral"


@pytest.mark.parametrize(
    "text",
    [
        "ENV A=AKIA" + "A1B2" * 4, "RUN curl -H 'Authorization: ghp_" + "a1B2" * 9 + "'", "ARG A=glpat-" + "x" * 20, "ENV N npm_" + "a" * 36,
        "RUN echo xoxb-" + "1" * 12, "LABEL a=sk_live_" + "a" * 16, "ENV G=AIza" + "b" * 35, "RUN pip install https://me:word@x/y",
        "RUN <<EOF\n-----BEGIN RSA PRIVATE KEY-----\nEOF",
    ],
)  # fmt: skip
def test_what_has_the_form_of_a_secret_is_found_and_not_shown(text: str) -> None:
    (found,) = findings(RULE, f"FROM x\n{text}\n")

    assert found.level == "error"
    assert "***" in found.at.text


@pytest.mark.parametrize(
    "text",
    [
        "RUN git clone https://$USER:$TOKEN@x/y",
        "ENV A=AKIA",
        "# AKIA" + "A" * 16 + "\nRUN a",
        "RUN curl https://x:443/y",
        "RUN echo ghp_x",
        "RUN a https://$T@x",
    ],
)
def test_variables_and_what_only_looks_like_one_are_fine(text: str) -> None:
    assert lines_found(RULE, f"FROM x\n{text}\n") == []
