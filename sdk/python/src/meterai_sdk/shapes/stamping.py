"""Documents, where their stamps go, stamps, and bundles."""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict

Position = Literal[
    "top-left", "top", "top-right", "left", "middle", "right", "bottom-left", "bottom", "bottom-right"
]
Profile = Literal["final", "sign_later"]
"""`sign_later`: others will sign the document after its stamp."""


class AtPosition(TypedDict):
    """One of nine named positions. `page`: from 1, or from the end (-1: the last, which is the default)."""

    by: Literal["position"]
    position: Position
    page: NotRequired[int]
    size: NotRequired[float]
    may_cover: NotRequired[bool]


class AtCoordinates(TypedDict):
    """A square. `x`, `y`: its lower left corner in points, as people see the page."""

    by: Literal["coordinates"]
    page: int
    x: float
    y: float
    size: NotRequired[float]
    may_cover: NotRequired[bool]


class AtKeyword(TypedDict):
    """Beside a text of the document, or over it. Without `occurrence` it is the last place with this text."""

    by: Literal["keyword"]
    keyword: str
    page: NotRequired[int | None]
    occurrence: NotRequired[int]
    side: NotRequired[Literal["over", "left", "right", "above", "below"]]
    dx: NotRequired[float]
    dy: NotRequired[float]
    size: NotRequired[float]
    may_cover: NotRequired[bool]


WantedPlace = AtPosition | AtCoordinates | AtKeyword


class Place(TypedDict):
    """Where a stamp lies: a square in points of the visible page."""

    page: int
    x: float
    y: float
    size: float


class Document(TypedDict):
    """A document as it is stored. `places`: where its stamps go, as ordered or else as proposed."""

    id: str
    name: str
    sha256: str
    uploaded_sha256: str | None
    bytes: int
    pages: int
    profile: Literal["final", "sign_later", "signed"]
    notices: list[str]
    places: list[Place]
    stamp_id: str | None
    is_deleted: bool
    kept_until: str
    created_at: str


DocumentType = Literal[
    "statement",
    "notarial_deed",
    "land_deed",
    "security",
    "securities_transaction",
    "auction",
    "sum_of_money",
    "other",
]


class LiableParty(TypedDict):
    """Who owes the duty."""

    identity_type: Literal["nik", "npwp", "passport"]
    identity: str
    name: str


class StampFacts(TypedDict, total=False):
    """What is known of a document. A collector has to say all of it."""

    type: DocumentType | None
    number: str | None
    date: str | None
    value: int | None
    """In rupiah."""
    liable: LiableParty | None


class StampedSerial(TypedDict):
    """A serial number and its place. It counts once the stamp is released."""

    serial: str
    place: Place


class StampedFile(TypedDict):
    """The stamped file."""

    sha256: str
    bytes: int


class Reason(TypedDict):
    """Why a stamp was refused, or is late. `detail` is in English, `detail_id` in Indonesian."""

    code: str
    detail: str
    detail_id: str


class Stamp(TypedDict):
    """An ordered stamp, or several on one document.

    `accepted`, `sealing`: it is being made. `released`: its file can be fetched. `refused`: it was not made,
    and used nothing.
    """

    id: str
    document_id: str
    state: Literal["accepted", "sealing", "released", "refused"]
    problem: Reason | None
    serials: list[StampedSerial]
    file: StampedFile | None
    facts: StampFacts | None
    created_at: str
    ended_at: str | None


class OwnSerial(TypedDict):
    """A serial number of your organisation, or of one below it. It counts when it is `released` or `used`.

    `sha256`: of the newest version of the stamped file. `facts`: the liable party is shown to the
    organisation itself only.
    """

    serial: str
    state: Literal["unstamped", "allocated", "sealed", "released", "used", "annulled"]
    organisation_id: str
    stamp_id: str | None
    document_id: str | None
    sha256: str | None
    facts: StampFacts | None
    allocated_at: str
    released_at: str | None


class UnstampedSerial(TypedDict):
    """A serial number that was taken, and waits for its document. It holds a stamp until you give it back.

    `request_key`: the `idfile` for which it was taken on the wire.
    """

    serial: str
    name: str
    request_key: str | None
    document_id: str | None
    taken_at: str


class ReturnedSerials(TypedDict):
    """The serial numbers whose stamps are back in the stock."""

    returned: list[str]


Scenario = Literal["refused-file", "slow", "signer-down", "webhook-lost"]
"""The trouble that a stamp meets in a sandbox."""


class Bundle(TypedDict):
    """A bundle and its progress. `files`: how many are in each state."""

    id: str
    state: str
    """open, stamping, waiting_for_quota, halted, ended or cancelled."""
    problem: str | None
    files: dict[str, int]
    created_at: str
    started_at: str | None
    cancelled_at: str | None


class BundleFile(TypedDict):
    """A file of a bundle. `problem`: the code of why it is not stamped."""

    id: str
    path: str
    sha256: str
    bytes: int
    state: Literal["expected", "ready", "waiting", "stamping", "stamped", "unfit", "refused", "expired"]
    problem: str | None
    document: str | None
    serial: str | None
    stamped_sha256: str | None
