"""The only wiring: what stands behind each port, real or twin. Doors get an `App` and know no adapter."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from meterai.accounting.reports.ports import ReportSource
from meterai.accounting.reports.server import ReportServers
from meterai.customers.codes import Budgets
from meterai.jail.pool import JOBS_WAITING_MAX, JailPool
from meterai.jail.queueing.cpu_budgets import CpuBudgets
from meterai.kernel.clock import Clock, system_clock
from meterai.kernel.money import Rupiah
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.application_secret import Secret
from meterai.kit.database import Database, connect
from meterai.kit.fail_points import FailPoint
from meterai.kit.files.free_space import DiskReserve
from meterai.kit.files.object_store import ObjectStore, open_store
from meterai.kit.installation_secrets import Secrets
from meterai.kit.messages import Messenger
from meterai.kit.production import Part, refuse_unfit
from meterai.kit.settings import Settings, public_url, trust_folder
from meterai.kit.smtp_sender import SmtpSender
from meterai.kit.whatsapp_sender import WhatsAppSender
from meterai.ledger.model import SELLER
from meterai.ledger.queries import balance
from meterai.operations.use_cases.know_installation import know_installation
from meterai.partners.adapters.webhook_sender import WebhookSender
from meterai.partners.model import stock_account_id
from meterai.partners.queries.organisations import is_active
from meterai.partners.webhooks.ports import SendsMessages
from meterai.sales.adapters.gateways import adapters_of, open_gateways
from meterai.sales.adapters.payout import IrisPayouts
from meterai.sales.gateways import Gateways
from meterai.sales.ports import PayoutProvider
from meterai.sales.prices import PriceList
from meterai.sales.qr_image import READ_QR_IMAGE
from meterai.sales.queries.customers import quota_of_customer
from meterai.sales.queries.payment_channel import payment_channel
from meterai.sales.use_cases.check_gateway_key import gateway_trouble
from meterai.stamping.archive.crl_mirror import CrlMirror
from meterai.stamping.archive.level import Level
from meterai.stamping.archive.revocation_source import HttpRevocation, RevocationSource
from meterai.stamping.archive.tools import ArchiveSettings, ArchiveTools
from meterai.stamping.crop_requests import DRAW_CROP
from meterai.stamping.photos import CLEAN_PHOTO, MAKE_SHEETS
from meterai.stamping.ports import SiteSigner, Vouch
from meterai.stamping.signer_client import SignerClient
from meterai.stamping.stamp_face.given_artwork import check_artwork
from meterai.stamping.upload_room import UploadRoom
from meterai.stamping.use_cases.reserve_parts import FindLots, Lots
from meterai.stamping.wanted_places import FIND_PLACES
from meterai.verification.face_limits import face_limits
from meterai.verification.model import FaceLimits, Trust
from meterai.verification.page_pictures import COMPARE_PAGE
from meterai.verification.picture_codes import READ_PICTURE
from meterai.verification.reasons import holds_by_itself
from meterai.verification.trust import TrustFolder
from meterai.verification.use_cases.judge_document import JUDGE, judge_document
from meterai.verification.use_cases.picture_of_stamp import RENDER
from meterai.verification.use_cases.vouch_for_stamps import vouch_for_stamps

JAIL_TASKS = [
    "meterai.pdf.inspection:inspect",
    "meterai.pdf.rendering:render_page",
    "meterai.pdf.signed.seal_check:light_check",
    "meterai.stamping.in_jail.reception:receive",
    "meterai.stamping.in_jail.preparation:prepare_seal",
    "meterai.stamping.in_jail.preparation:measure_output",
    "meterai.stamping.in_jail.places.proposal:propose_placement",
    "meterai.stamping.in_jail.places.free_places:propose_free_place",
    "meterai.stamping.in_jail.places.covering:look_under",
    FIND_PLACES,
    "meterai.stamping.in_jail.rewriting:rewrite",
    "meterai.stamping.in_jail.turning:turn",
    DRAW_CROP,
    CLEAN_PHOTO,
    MAKE_SHEETS,
    "meterai.stamping.in_jail.archive_extension:look",
    "meterai.stamping.in_jail.archive_extension:extend",
    "meterai.verification.in_jail:judge",
    READ_QR_IMAGE,
]
"""The tasks of a jail: everything that touches the bytes of a PDF, and of a gateway's pictures."""
JAIL_TASKS_APART = ["meterai.pdf.signed.seal_check:light_check"]
"""Those done by processes of their own kind: what checks a sealed file has not read the upload."""
CHECKS_WAITING_MAX = 8
"""A waiting check keeps up to 36 MB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """What the site works with; one for each process."""

    settings: Settings
    db: Database
    objects: ObjectStore
    jail: JailPool
    upload_room: UploadRoom
    check_jail: JailPool
    """For requests that need no place in line; it takes no turn from buyers (docs/waiting-room.md)."""
    signer: SiteSigner
    gateways: Gateways
    read_secret: Callable[[], Secret]
    """Of codes, cookies and links; the same in every process."""
    read_trust: Callable[[], Trust]
    clock: Clock
    crls: CrlMirror

    @property
    def secret(self) -> Secret:
        """What is made now is made with it. It also knows those that are honoured still."""
        return self.read_secret()

    @property
    def trust(self) -> Trust:
        """The roots and the keys of 2-D codes that verification trusts."""
        return self.read_trust()

    @property
    def face_limits(self) -> FaceLimits:
        """How large signatures may be that follow a stamp."""
        return face_limits(self.settings)

    @property
    def public_url(self) -> str:
        """The address people see, without a slash at its end."""
        return public_url(self.settings)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerApp(App):
    """What a worker works with: also what pays money out and sends messages."""

    revocation: RevocationSource
    payout: PayoutProvider
    messenger: Messenger
    webhook_sender: SendsMessages
    report_sources: Mapping[str, ReportSource]
    """Where the settlement reports of gateways are fetched."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleApp:
    """What the console works with."""

    settings: Settings
    db: Database
    clock: Clock
    form_key: str
    """Key of the proofs in forms."""

    @property
    def is_https(self) -> bool:
        """Whether officers reach the console by HTTPS."""
        return self.settings.console_url.startswith("https:")


def check_settings(settings: Settings, part: Part = "service") -> None:
    """Raises: ValueError naming a payment gateway that there is not, artwork that can't be used, or what
    production refuses.
    """
    adapters_of(settings)
    check_artwork(settings.stamp_artwork)
    refuse_unfit(settings, part)


@asynccontextmanager
async def open_site_app(settings: Settings, *, clock: Clock = system_clock) -> AsyncIterator[App]:
    """Opens what a site process needs, and closes it at the end.

    Raises: ValueError (see `check_settings`), OSError or asyncpg.PostgresError (no database),
    Refusal("trust.unreadable").
    """
    check_settings(settings, "site")
    async with AsyncExitStack() as stack:
        db = await _database(stack, settings, settings.database_site_url, "meterai-site")
        shared = await _shared(stack, settings, db, jail_slots=settings.jail_slots)
        yield App(**shared, db=db, upload_room=_upload_room(settings, db), clock=clock)


@asynccontextmanager
async def open_worker_app(
    settings: Settings,
    *,
    database_url: str,
    name: str,
    jail_slots: int | None = None,
    clock: Clock = system_clock,
) -> AsyncIterator[WorkerApp]:
    """Opens what a worker needs, and closes it at the end. `name` is what the database calls it.

    Raises: as `open_site_app`.
    """
    check_settings(settings, "worker")
    async with AsyncExitStack() as stack:
        db = await _database(stack, settings, database_url, name)
        shared = await _shared(stack, settings, db, jail_slots=jail_slots or settings.jail_slots)
        payout = IrisPayouts(settings.payout_url, settings.payout_key)
        stack.push_async_callback(payout.close)
        messenger = _messenger(settings)
        stack.push_async_callback(messenger.close)
        webhook_sender = WebhookSender(loopback_is_outer=settings.environment == "development")
        stack.push_async_callback(webhook_sender.close)
        revocation = HttpRevocation(mirror=settings.revocation_url)
        stack.push_async_callback(revocation.close)
        reports = ReportServers.from_settings(settings)
        stack.push_async_callback(reports.close)
        yield WorkerApp(
            **shared,
            db=db,
            upload_room=_upload_room(settings, db),
            clock=clock,
            payout=payout,
            messenger=messenger,
            revocation=revocation,
            webhook_sender=webhook_sender,
            report_sources=reports.by_gateway,
        )


@asynccontextmanager
async def open_console_app(settings: Settings, *, clock: Clock = system_clock) -> AsyncIterator[ConsoleApp]:
    """Opens what the console needs, and closes it at the end.

    Raises: OSError or asyncpg.PostgresError (no database).
    """
    async with AsyncExitStack() as stack:
        db = await _database(stack, settings, settings.database_console_url, "meterai-console")
        secrets = Secrets.of(settings)
        key = secrets.read(secrets.console_key_file)
        yield ConsoleApp(settings=settings, db=db, clock=clock, form_key=key)


def lots_of(db: Database) -> FindLots:
    """What finds the quota from which the stamps of a bundle are made.

    It raises Refusal CONFLICT `partner.not_active` while an organisation, or one above it, is suspended.
    """

    async def find(organisation_id: UUID, customer_id: UUID) -> Lots:
        if organisation_id != SELLER:
            stock = stock_account_id(organisation_id)
            async with db.connection() as connection:
                if not await is_active(connection, organisation_id):
                    raise Refusal(Kind.CONFLICT, "partner.not_active")
                left = await balance(connection, stock)
            return [(stock, left.available)] if left else []
        lots = await quota_of_customer(db, customer_id)
        return [(lot.lot_account_id, lot.available) for lot in lots]

    return find


async def _database(stack: AsyncExitStack, settings: Settings, url: str, name: str) -> Database:
    db = await connect(
        url,
        connections_max=settings.database_connections_max,
        application_name=name,
    )
    stack.push_async_callback(db.close)
    await know_installation(db, settings.data)
    return db


async def ask_gateways(settings: Settings) -> dict[str, str]:
    """Why each gateway of the settings gave no good answer, by name; empty: it knows our key.

    No payment is opened.
    """
    opening = open_gateways(settings, JailPool([READ_QR_IMAGE]), channel_of=_no_payment)
    async with opening as gateways:
        return {gateway.name: await gateway_trouble(gateway) for gateway in gateways}


async def _no_payment(_: str) -> None:
    """Of no payment: the question is only whether the gateway knows us."""


def news_budgets(settings: Settings) -> Budgets:
    """How many messages about incidents and announcements a day may be sent, by the settings."""
    return Budgets(
        home=settings.home_country,
        home_most=settings.news_per_day_home,
        email_most=settings.news_per_day_email,
        foreign_most=settings.news_per_day_foreign,
    )


def code_budgets(settings: Settings) -> Budgets:
    """How many codes a day may be sent, by the settings."""
    return Budgets(
        home=settings.home_country,
        home_most=settings.codes_per_day_home,
        email_most=settings.codes_per_day_email,
        foreign_most=settings.codes_per_day_foreign,
    )


def _upload_room(settings: Settings, db: Database) -> UploadRoom:
    return UploadRoom(
        db,
        DiskReserve.of(settings),
        network_bytes_max=settings.unproven_network_bytes,
        all_bytes_max=settings.unproven_bytes,
    )


async def _shared(
    stack: AsyncExitStack, settings: Settings, db: Database, *, jail_slots: int
) -> dict[str, Any]:
    """The fields of an `App` that a site and a worker make in the same way."""
    budgets = CpuBudgets(settings.jail_network_seconds)
    jail = _jail(settings, JAIL_TASKS, budgets, slots=jail_slots)
    stack.push_async_callback(jail.close)
    await jail.start()
    checks = [JUDGE, RENDER, COMPARE_PAGE, READ_PICTURE]
    check_jail = _jail(settings, checks, budgets, slots=1, waiting_max=CHECKS_WAITING_MAX)
    stack.push_async_callback(check_jail.close)
    opening = open_gateways(settings, jail, channel_of=partial(payment_channel, db))
    gateways = await stack.enter_async_context(opening)
    signer = SignerClient.of(settings)
    stack.push_async_callback(signer.close)
    development = settings.environment == "development"
    crls = CrlMirror(settings.revocation_url if development else "")
    stack.push_async_callback(crls.close)
    return {
        "settings": settings,
        "objects": await asyncio.to_thread(open_store, settings.objects_url, settings.data, needs_mark=True),
        "jail": jail,
        "check_jail": check_jail,
        "signer": signer,
        "gateways": gateways,
        "read_secret": Secrets.of(settings).application().now,
        "crls": crls,
        "read_trust": TrustFolder(trust_folder(settings)).now,
    }


def price_list_of(settings: Settings) -> PriceList:
    """The prices until officers enter others."""
    return PriceList(service_fee=Rupiah(settings.service_fee), vat_basis_points=settings.vat_basis_points)


def _messenger(settings: Settings) -> Messenger:
    return Messenger(
        email=SmtpSender(
            settings.smtp_url,
            sender=settings.mail_sender,
            needs_tls=settings.environment == "production",
        ),
        phone=WhatsAppSender(
            settings.whatsapp_url,
            token=settings.whatsapp_token,
            code_template=settings.whatsapp_template_code,
            news_template=settings.whatsapp_template_news,
        ),
    )


def _jail(
    settings: Settings,
    tasks: list[str],
    budgets: CpuBudgets,
    *,
    slots: int,
    waiting_max: int = JOBS_WAITING_MAX,
) -> JailPool:
    return JailPool(
        tasks,
        apart=JAIL_TASKS_APART,
        slots=slots,
        waiting_max=waiting_max,
        memory_bytes=settings.jail_memory_bytes,
        first_user=settings.jail_first_user,
        cpu_seconds=settings.jail_cpu_seconds,
        wall_seconds=settings.jail_wall_seconds,
        production=settings.environment == "production",
        budgets=budgets,
    )


def vouch_of(app: App) -> Vouch:
    """For uploads of stamped files: asks the verifier and the register, in a buyer's turn at the jail."""
    return partial(vouch_for_stamps, app.db, app.jail, app.trust)


def archive_tools_of(app: WorkerApp, fail_point: FailPoint) -> ArchiveTools:
    """The tools of the archive. It asks the verifier as anybody may: offline, and without a key."""

    async def judge(content: bytes) -> str | None:
        judgement = await judge_document(None, app.jail, content, trust=app.trust, now=app.clock())
        # A customer may have had the file stamped again, or stamped by hash before.
        if holds_by_itself(judgement.verdict, judgement.reasons):
            return None
        return f"{judgement.verdict} ({', '.join(judgement.reasons)})"

    return ArchiveTools(
        db=app.db,
        jail=app.jail,
        objects=app.objects,
        signer=app.signer,
        revocation=app.revocation,
        judge=judge,
        clock=app.clock,
        settings=ArchiveSettings(
            level=Level(app.settings.signature_level),
            roots=tuple(pem.encode() for pem in app.trust.roots_pem),
            ahead=timedelta(days=app.settings.archive_days_ahead),
        ),
        fail_point=fail_point,
    )
