"""Reads the documents of a batch, however clients send them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from meterai.api.wire.bodies import Said, texts_of
from meterai.api.wire.resources.document_facts import FIELDS
from meterai.api.wire.resources.taking import NamedDocument
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.formats.display import own_name
from meterai.kit.formats.untrusted_json import read_json
from meterai.partners.batches.model import DOCUMENTS_MAX

_ECHOED: Final = ("idfile", "file", *FIELDS)
"""What is told again of a document."""
_ECHOED_MAX: Final = 2_048
"""Characters of a value that is told again."""


def read_documents(said: Said) -> list[Mapping[str, Any]]:
    """The documents of a batch. A form has them as a text in JSON.

    Raises: Refusal INVALID `wire.field_missing`, `wire.field_wrong`, `wire.many_documents`.
    """
    found = said.tree.get("document") or said.text("document")
    if isinstance(found, str) and found:
        try:
            found = read_json(found.encode(), Any)
        except msgspec.MsgspecError as error:
            raise wrong_field("document") from error
    documents = [found] if isinstance(found, dict) else found
    if not documents:
        raise Refusal(Kind.INVALID, "wire.field_missing", field="document")
    if not isinstance(documents, list) or not all(isinstance(one, dict) for one in documents):
        raise wrong_field("document")
    if len(documents) > DOCUMENTS_MAX:
        raise Refusal(Kind.INVALID, "wire.many_documents", maximum=DOCUMENTS_MAX)
    _check_keys(documents)
    return documents


def _check_keys(documents: Sequence[Mapping[str, Any]]) -> None:
    """Two documents of a batch would share a serial number if they shared their `idfile`."""
    keys = [key for one in documents if (key := texts_of(one).get("idfile"))]
    if len(set(keys)) < len(keys):
        raise wrong_field("idfile")


def named_document(tree: Mapping[str, Any], number: int) -> NamedDocument:
    """A document of a batch, its `number` from 1."""
    texts = texts_of(tree)
    return NamedDocument(texts=texts, name=own_name(texts.get("file", "")) or f"{number}.pdf")


def echo_of(tree: Mapping[str, Any]) -> dict[str, Any]:
    """What is told again of a document: values as they were sent, without lists and objects."""
    return {
        name: tree[name]
        for name in _ECHOED
        if name in tree and not isinstance(tree[name], dict | list) and len(str(tree[name])) <= _ECHOED_MAX
    }


def wrong_field(field: str) -> Refusal:
    """The refusal of what stands in a field."""
    return Refusal(Kind.INVALID, "wire.field_wrong", field=field)
