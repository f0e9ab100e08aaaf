"""All tags of a repository, page after page. Source: OCI distribution-spec, "Listing Tags"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urljoin

from stagemill.oci import document as json
from stagemill.regex import regex
from stagemill.registry.exchange import Response, TransportError, body
from stagemill.registry.failure import Failure
from stagemill.registry.link import Link, Question

_MOST_BYTES = 16 << 20  # of a page
_PAGE = 1000
_NEXT = regex(r'<([^>]*)>\s*;(?:[^,<]*;)?\s*rel\s*=\s*"?next"?', re.IGNORECASE)


def all_tags(link: Link) -> Iterator[str]:
    """In the registry's order, each once. Raises Failure, CancelledError."""
    question = Question("GET", ("tags", f"list?n={_PAGE}"))
    url = link.endpoint.of(link.reference.repository, *question.rest)
    asked = {url}
    told: set[str] = set()
    while True:
        response = link.exchange(question)
        after = _NEXT.search(response.header("Link"))
        fresh = [tag for tag in _tags(link, response) if tag not in told]
        yield from fresh
        told.update(fresh)
        if not after:
            return
        url = link.same_scheme(urljoin(url, after[1]))
        if url in asked or not fresh:
            raise Failure(link.endpoint, "answer", "with a list of tags that never ends")
        asked.add(url)
        question = Question("GET", url=url)


def _tags(link: Link, response: Response) -> tuple[str, ...]:
    try:
        return json.texts(json.parse_object(body(response, limit=_MOST_BYTES), "the list of tags"), "tags")
    except TransportError as error:
        raise Failure(link.endpoint, "unreachable", error.reason, hint=error.hint, again=error.again) from error
    except json.MalformedError as error:
        raise Failure(link.endpoint, "answer", f"with tags that cannot be read: {error}") from error
