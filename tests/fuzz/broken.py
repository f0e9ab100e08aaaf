"""A fuzzer of something that has every fault there is: what the harness is tested with."""

from __future__ import annotations

import os
import signal
import time
from random import Random

from fuzz.inputs import Input
from stagemill.digest import Digest


class Broken:
    """What is wrong is in the input, among other bytes."""

    def make(self, rng: Random) -> Input:
        fault = rng.choice((b"", b"", b"RAISE", b"SPIN", b"HOG", b"DIE"))
        return Input(rng.randbytes(20).replace(b"R", b"") + fault + rng.randbytes(20), rng.getrandbits(8))

    def check(self, given: Input) -> None:
        if b"RAISE" in given.data:
            Digest("no digest")
        if b"SPIN" in given.data:
            end = time.process_time() + 60
            while time.process_time() < end:
                pass
        if b"HOG" in given.data:
            bytearray(1 << 30)
        if b"DIE" in given.data:
            os.kill(os.getpid(), signal.SIGSEGV)


def fuzzer() -> Broken:
    return Broken()
