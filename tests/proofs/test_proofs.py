"""Every word that a user can write has a test that proves it."""

from __future__ import annotations

import pytest

from proofs.page import PAGE, page
from proofs.table import Proof, proofs
from proofs.words import BUILDAH, BUILDX, MEANINGLESS, VARIABLES, words
from stagemill.dockerfile.suggest import nearest

ALL = [proof for found in proofs().values() for proof in found]


@pytest.mark.parametrize("heading", words())
def test_every_word_has_a_proof_and_every_proof_is_of_a_word(heading: str) -> None:
    assert [proof.word for proof in proofs()[heading]] == words()[heading]


@pytest.mark.parametrize("proof", ALL, ids=lambda proof: proof.word)
def test_the_test_is_there_and_has_the_word_in_it(proof: Proof) -> None:
    assert proof.text, f"there is no {proof.test}; near is {nearest(proof.test, [other.test for other in ALL])}"
    assert proof.holds, f"{proof.test} has no {proof.word} in it"


def test_a_test_without_the_word_proves_nothing() -> None:
    assert not Proof("--unsetenv", "conformance:testUlimit").holds
    assert not Proof("--ulimit", "conformance:testNone").text
    assert not Proof("--ulimit", "unit/none.py::test_none").text


@pytest.mark.parametrize("flag", [*BUILDX, *BUILDAH])
def test_there_is_every_flag_that_people_bring_along(flag: str) -> None:
    assert flag in words()["Flags of build"]


def test_a_variable_means_something_or_nothing() -> None:
    assert not set(VARIABLES) & set(MEANINGLESS)


def test_the_page_is_what_report_py_makes_of_the_table() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(proofs()), "call tests/proofs/report.py"
