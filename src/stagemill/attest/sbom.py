"""What is in a tree, as attestations: one in each of the forms that are wanted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from stagemill.attest import cyclonedx, spdx
from stagemill.attest.inventory import Inventory
from stagemill.attest.statement import CYCLONEDX, SPDX, Attestation
from stagemill.attest.wanted import Form
from stagemill.oci.document import JsonObject

_FORMS: Mapping[Form, tuple[str, str, Callable[[Inventory], JsonObject]]] = {
    "spdx": ("spdx.json", SPDX, spdx.document),
    "cyclonedx": ("cdx.json", CYCLONEDX, cyclonedx.document),
}


def lists(inventory: Inventory, name: str, forms: Iterable[Form]) -> Iterator[Attestation]:
    """The inventory under the `name` of a list, to which each form adds its ending."""
    for form in forms:
        ending, kind, document = _FORMS[form]
        yield Attestation(f"{name}.{ending}", kind, document(inventory))
