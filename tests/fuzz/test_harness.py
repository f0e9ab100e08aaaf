"""What finds mistakes, tried on mistakes: each is found, told with its number, and made small."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from random import Random

import pytest

from fuzz.attempt import attempt
from fuzz.broken import fuzzer
from fuzz.campaign import At, Found, campaign
from fuzz.inputs import Input, numbered
from fuzz.kinds import NAMES, fuzzer_of
from fuzz.mutate import Mutations
from fuzz.reduce import reduced

RUN = Path(__file__).with_name("run.py")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, RUN, *arguments], capture_output=True, text=True, check=False)


def fault(number: int) -> str:
    data = numbered(fuzzer(), name="broken", seed=3, number=number).data
    return next((name for name in ("RAISE", "SPIN", "HOG", "DIE") if name.encode() in data), "")


def first(name: str) -> int:
    return next(number for number in range(1000) if fault(number) == name)


def found(name: str) -> Found:
    """What one input with a fault comes to in a process of its own."""
    number = first(name)
    (only,) = (
        event for event in campaign("broken", seed=3, numbers=range(number, number + 1)) if isinstance(event, Found)
    )
    assert only.number == number
    return only


def test_an_error_of_another_kind_is_found_and_reduced_to_what_it_takes() -> None:
    failure = found("RAISE")

    assert (failure.failure.kind, failure.failure.place) == ("ValueError", "digest.py:27")
    assert failure.data == b"RAISE"
    assert "not a sha256 digest: 'no digest'" in failure.failure.story
    assert f"--seed 3 --from {failure.number} --count 1 broken" in str(failure)


def test_an_input_that_takes_too_long_is_stopped() -> None:
    given = Input(b"xSPIN")
    before = time.process_time()

    failure = attempt(fuzzer(), given, seconds=0.2)

    assert failure is not None
    assert failure.kind == "TooSlowError"
    assert time.process_time() - before < 2
    assert attempt(fuzzer(), Input(b"x"), seconds=0.2) is None


def test_an_input_that_takes_too_much_memory_is_found() -> None:
    assert found("HOG").failure.kind == "MemoryError"


def test_a_process_that_dies_tells_of_which_input_and_goes_on_with_the_next() -> None:
    number = next(number for number in range(1000) if fault(number) == "DIE" and fault(number + 1) == "")

    *_, died, _, last = campaign("broken", seed=3, numbers=range(number, number + 2))

    assert isinstance(died, Found)
    assert (died.number, died.failure.kind, died.failure.place) == (number, "Died", "signal SIGSEGV")
    assert last == At(2)


@pytest.mark.parametrize("name", NAMES)
def test_equal_numbers_make_equal_inputs_and_others_others(name: str) -> None:
    one, other = fuzzer_of(name), fuzzer_of(name)

    inputs = [numbered(one, name=name, seed=7, number=number) for number in range(20)]

    assert [numbered(other, name=name, seed=7, number=number) for number in range(20)] == inputs
    assert len(set(inputs)) > 15
    assert numbered(one, name=name, seed=8, number=0) != inputs[0]


def test_an_input_is_reduced_as_far_as_it_fails() -> None:
    given = Input(bytes(700) + b"ab" + bytes(300) + b"c", 5)

    small = reduced(given, lambda smaller: b"a" in smaller.data and b"c" in smaller.data, seconds=60)

    assert small == Input(b"ac", 5)


def test_mutations_change_something_and_keep_to_their_length() -> None:
    mutations = Mutations((b"word",), (b"other text",), most=50)
    rng = Random(1)

    texts = [mutations.of(b"some text\nof two lines", rng) for _ in range(200)]

    assert len(set(texts)) > 150
    assert max(map(len, texts)) == 50
    assert any(b"word" in text for text in texts)


def test_the_command_tells_the_seed_and_what_it_did() -> None:
    done = run("--count", "20", "--seed", "5", "flags")

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("seed 5\nseed 5: flags 20; 20 inputs in ")
    assert done.stdout.endswith(", 0 failures\n")


def test_the_command_knows_its_fuzzers() -> None:
    done = run("nosuch")

    assert done.returncode == 2
    assert "there is no fuzzer nosuch; known: dockerfile, ignore, archive, flags" in done.stderr
