"""All routes of the site, a module for each flow."""

from __future__ import annotations

from typing import Any

from meterai.web.account import (
    choice_routes,
    contacts_routes,
    my_stamps_routes,
    quota_document_routes,
    sessions_routes,
)
from meterai.web.bundles import bundle_place_routes, bundle_routes
from meterai.web.cases import case_routes
from meterai.web.developers import developer_routes, own_routes, own_webhook_routes, own_wire_routes
from meterai.web.documents import comparing_routes, crop_routes, photo_routes, sheet_routes, upload_routes
from meterai.web.line import certificate_routes, claim_routes, probe_door, reminder_routes
from meterai.web.orders import (
    checkout_routes,
    money_routes,
    order_routes,
    quota_routes,
    receipt_routes,
    refund_routes,
    replacing_routes,
    result_routes,
    stop_routes,
)
from meterai.web.organisation import (
    block_routes,
    facts_routes,
    invitation_routes,
    member_routes,
    report_routes,
    sandbox_routes,
    statement_routes,
    stock_routes,
)
from meterai.web.pages import (
    crl_routes,
    day_routes,
    file_routes,
    health_routes,
    icon_routes,
    news_routes,
    problem_routes,
)
from meterai.web.placing import place_routes, turn_routes
from meterai.web.verify import check_routes

ROUTES: list[Any] = [
    *upload_routes.ROUTES,
    *place_routes.ROUTES,
    *sheet_routes.ROUTES,
    *turn_routes.ROUTES,
    *comparing_routes.ROUTES,
    *crop_routes.ROUTES,
    *photo_routes.ROUTES,
    *checkout_routes.ROUTES,
    *order_routes.ROUTES,
    *receipt_routes.ROUTES,
    *refund_routes.ROUTES,
    *replacing_routes.ROUTES,
    *result_routes.ROUTES,
    *stop_routes.ROUTES,
    *quota_routes.ROUTES,
    *my_stamps_routes.ROUTES,
    *quota_document_routes.ROUTES,
    *statement_routes.ROUTES,
    *block_routes.ROUTES,
    *facts_routes.ROUTES,
    *report_routes.ROUTES,
    *stock_routes.ROUTES,
    *member_routes.ROUTES,
    *invitation_routes.ROUTES,
    *sandbox_routes.ROUTES,
    *contacts_routes.ROUTES,
    *choice_routes.ROUTES,
    *sessions_routes.ROUTES,
    *bundle_routes.ROUTES,
    *bundle_place_routes.ROUTES,
    *money_routes.ROUTES,
    *case_routes.ROUTES,
    *claim_routes.ROUTES,
    *certificate_routes.ROUTES,
    *reminder_routes.ROUTES,
    *probe_door.ROUTES,
    *check_routes.ROUTES,
    *health_routes.ROUTES,
    *day_routes.ROUTES,
    *news_routes.ROUTES,
    *icon_routes.ROUTES,
    *file_routes.ROUTES,
    *crl_routes.ROUTES,
    *problem_routes.ROUTES,
    *developer_routes.ROUTES,
    *own_routes.ROUTES,
    *own_webhook_routes.ROUTES,
    *own_wire_routes.ROUTES,
]
