"""Every setting, from METERAI_* environment variables. docs/configuration.md lists them; a test compares."""

from __future__ import annotations

import logging
import os
import re
import socket
from collections.abc import Iterator, Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Final, Literal, get_type_hints
from urllib.parse import SplitResult, parse_qsl, urlsplit

import msgspec

from meterai.kit import database_urls
from meterai.kit.formats.comma_list import listed, named_values
from meterai.kit.secret_settings import SECRET_FILES, SECRETS, file_of, secret_of
from meterai.kit.store_variables import wrong_store_variables
from meterai.kit.unsafe_settings import unsafe_settings
from meterai.kit.wire_hosts import read_hosts

Doc = msgspec.Meta
NO_BEACON = "none"
"""The setting of an operator without a public beacon, and what the rules of a queue say then."""
GATE_PORT = 8006
"""Where a gate listens that was told no other port."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What an operator may set. `METERAI_` + the upper-case field name is the environment variable."""

    environment: Annotated[
        Literal["development", "production"],
        Doc(
            description="`production` or `development`; production refuses trial stamps (SPESIMEN), self-"
            "made signing keys (development PKI) and the simulated services (sandbox)"
        ),
    ] = "development"
    data: Annotated[
        Path,
        Doc(
            description="the one directory in which everything lives; empty: ~/.local/share/meterai, for "
            "root /var/lib/meterai"
        ),
    ] = Path("var")
    secrets_folder: Annotated[
        str,
        Doc(
            description="folder with the secrets that an installation's processes share; empty: DATA/secrets"
        ),
    ] = ""
    trust_folder: Annotated[
        str,
        Doc(
            description="folder with what verification trusts: root.pem and code.json; empty: DATA/pki/trust"
        ),
    ] = ""
    host_name: Annotated[
        str,
        Doc(
            description="name of this host in an installation of several, each with its own; workers and "
            "gates carry it. Empty: the machine's name"
        ),
    ] = ""
    host: Annotated[str, Doc(description="address the site listens on")] = "127.0.0.1"
    port: Annotated[int, Doc(ge=0, le=65535, description="port of the site")] = 8000
    public_url: Annotated[str, Doc(description="address people see; empty: made from host and port")] = ""
    tls_certificate: Annotated[
        str, Doc(description="PEM chain; with METERAI_TLS_KEY the site speaks HTTPS")
    ] = ""
    tls_key: Annotated[str, Doc(description="PEM private key of METERAI_TLS_CERTIFICATE")] = ""
    hsts: Annotated[
        Literal["host", "subdomains"],
        Doc(
            description="what browsers reach by HTTPS alone for a year once they were here (HSTS): this "
            "`host`, or its `subdomains` as well, which must all speak HTTPS then"
        ),
    ] = "host"
    trusted_proxies: Annotated[
        str,
        Doc(
            description="addresses or networks of proxies on other machines, with commas between; their "
            "X-Forwarded-For and -Proto are believed, as those of proxies on this machine are"
        ),
    ] = ""
    database_url: Annotated[
        str, Doc(description="owner's URL of any PostgreSQL 15-18 server; empty: the embedded one")
    ] = ""
    database_pooler_url: Annotated[
        str,
        Doc(
            description="URL without user of a pooler (PgBouncer in transaction mode) through which the "
            "roles connect; empty: as METERAI_DATABASE_URL says"
        ),
    ] = ""
    embedded_database: Annotated[
        Literal["refuse", "accept"],
        Doc(
            description="the embedded PostgreSQL in production, where METERAI_DATABASE_URL is empty: "
            "`refuse` or `accept`"
        ),
    ] = "refuse"
    database_site_url: Annotated[
        str, Doc(description="URL of the site's role; empty: made from the owner's URL")
    ] = ""
    database_worker_url: Annotated[
        str, Doc(description="URL of the worker's role; empty: made from the owner's URL")
    ] = ""
    database_controller_url: Annotated[
        str, Doc(description="URL of the role of the queues' controllers; empty: made from the owner's URL")
    ] = ""
    database_operator_url: Annotated[
        str, Doc(description="URL of the role for commands on this host; empty: made from the owner's URL")
    ] = ""
    database_signer_url: Annotated[
        str, Doc(description="URL of the signer's role; empty: made from the owner's URL")
    ] = ""
    database_reader_url: Annotated[
        str, Doc(description="URL of the read-only role; empty: made from the owner's URL")
    ] = ""
    database_verifier_url: Annotated[
        str,
        Doc(description="URL of the verifier's role, for its own process; empty: the register is not asked"),
    ] = ""
    database_follower_url: Annotated[
        str,
        Doc(description="URL of the role of `meterai follow`; empty: made from the owner's URL"),
    ] = ""
    database_closer_url: Annotated[
        str, Doc(description="URL of the role of the day close; empty: made from the owner's URL")
    ] = ""
    database_console_url: Annotated[
        str, Doc(description="URL of the console's role; empty: made from the owner's URL")
    ] = ""
    console_url: Annotated[
        str,
        Doc(
            description="address at which officers reach the console, a host of its own; empty: made from "
            "its port on this machine"
        ),
    ] = ""
    console_host: Annotated[
        str,
        Doc(description="address that the console listens on; a server in front of it has the certificate"),
    ] = "127.0.0.1"
    console_processes: Annotated[
        int, Doc(ge=0, le=1, description="1: `meterai up` starts the console for officers; 0: it does not")
    ] = 1
    backup_recipients: Annotated[
        str,
        Doc(
            description="public keys of age (`age1...`), with commas, to which `meterai backup` encrypts; "
            "the private ones are not on the server"
        ),
    ] = ""
    backup_signing_key: Annotated[
        str, Doc(description="private key with which `meterai backup` signs; `meterai backup-key` makes it")
    ] = ""
    pg_bin: Annotated[
        str,
        Doc(
            description="folder of the server's own `pg_dump` and `pg_restore`, for METERAI_DATABASE_URL; "
            "empty: Debian's folder for the server's version, else the PATH"
        ),
    ] = ""
    database_connections_max: Annotated[int, Doc(ge=1, description="connections per process")] = 8
    objects_url: Annotated[
        str, Doc(description="object store, file:///... or s3://bucket/prefix; empty: DATA/objects")
    ] = ""
    disk_reserve_bytes: Annotated[
        int,
        Doc(
            ge=0,
            description="free bytes on the disks of files, database and queues below which uploads are "
            "refused; what is paid goes on",
        ),
    ] = 1 << 30
    api_requests_per_minute: Annotated[
        int, Doc(ge=1, description="requests that a client of the API may make in a minute, in each process")
    ] = 6_000
    wire_hosts: Annotated[
        str,
        Doc(
            description="host names of their own for roles of the wire (docs/wire.md), with commas: "
            "`stampv2=stamp.example,backend=login.example`; empty: the base paths below /wire/ alone"
        ),
    ] = ""
    partner_sandbox: Annotated[
        Literal["", "on", "off"],
        Doc(
            description="`on`: a test installation for partners, with test keys, scripted outcomes and a "
            "clock that they move (docs/partners.md#sandbox); empty: `meterai up` in development turns it "
            "on; production refuses `on`"
        ),
    ] = ""
    unproven_bytes: Annotated[
        int,
        Doc(ge=0, description="bytes of all uploads together whose senders have proved no contact"),
    ] = 8 << 30
    unproven_network_bytes: Annotated[
        int,
        Doc(ge=0, description="bytes of these uploads that one network (a sender's address) may have"),
    ] = 1 << 30
    site_processes: Annotated[int, Doc(ge=1, description="processes that serve the site")] = 1
    worker_processes: Annotated[int, Doc(ge=1, description="processes that work on jobs")] = 1
    jail_slots: Annotated[int, Doc(ge=1, description="PDF jail processes per site or worker process")] = 2
    jail_memory_bytes: Annotated[int, Doc(ge=1 << 28, description="address space of a PDF jail")] = 1 << 30
    jail_first_user: Annotated[
        int,
        Doc(
            ge=1,
            description="where root starts the service, a PDF jail runs as this user number plus its process"
            " number, up to 4,194,304 more; no account may have one of them",
        ),
    ] = 1_900_000_000
    jail_cpu_seconds: Annotated[int, Doc(ge=1, description="CPU time of one PDF job")] = 8
    jail_wall_seconds: Annotated[
        int, Doc(ge=1, description="wall time of one PDF job; at most twice that while it makes progress")
    ] = 20
    jail_network_seconds: Annotated[
        int,
        Doc(
            ge=0,
            description="CPU seconds of PDF jails that one network may use at once, and again every five "
            "minutes, in each site or verifier process; 0: no limit",
        ),
    ] = 120
    addition_width_mm: Annotated[
        int,
        Doc(
            ge=1,
            description="width of the largest signature that the verifier accepts after a stamp, in "
            "millimetres; fields that the stamped document offers may be larger",
        ),
    ] = 90
    addition_height_mm: Annotated[int, Doc(ge=1, description="its height")] = 50
    key_algorithm: Annotated[
        Literal["rsa-2048", "p-256"],
        Doc(description="keys of a newly made development PKI: `rsa-2048` or `p-256`"),
    ] = "rsa-2048"
    pkcs11_module: Annotated[
        str, Doc(description="PKCS#11 module (.so) of the key device; empty: software keys only")
    ] = ""
    pkcs11_pin_file: Annotated[
        str, Doc(description="file (0600) with the token's user PIN; empty: DATA/secrets/pkcs11-pin")
    ] = ""
    pkcs11_sessions: Annotated[int, Doc(ge=1, description="sessions, and threads, that sign at once")] = 4
    signer_url: Annotated[
        str,
        Doc(
            description="the signers to ask, the preferred one first, with commas: tls://HOST:PORT, or unix "
            "for the one on this machine; empty: that one alone"
        ),
    ] = ""
    signer_name: Annotated[
        str,
        Doc(
            pattern=r"^[A-Za-z0-9._-]{0,64}$",
            description="name of this signer, to which the register binds its keys; empty: the only one",
        ),
    ] = ""
    signer_listen: Annotated[
        str,
        Doc(description="HOST:PORT where the signer also listens, over mutual TLS; empty: its socket alone"),
    ] = ""
    signer_clients: Annotated[
        str,
        Doc(
            description="who may ask over TLS, and for what, by the common name of the certificate: "
            "`worker-a:seal,site-a:hash`; empty: nobody"
        ),
    ] = ""
    signer_tls_ca: Annotated[
        str, Doc(description="PEM file of the authority above the certificates of signers and their askers")
    ] = ""
    signer_tls_certificate: Annotated[
        str, Doc(description="PEM chain that a signer, or one that asks it, shows to the other end")
    ] = ""
    signer_tls_key: Annotated[str, Doc(description="PEM private key of METERAI_SIGNER_TLS_CERTIFICATE")] = ""
    signer_users: Annotated[
        str,
        Doc(
            description="other users that may ask the signer, with commas: `name:seal` (a worker), "
            "`name:hash` (a site), `name:date` (time stamps for the archive), `name:look` (its state)"
        ),
    ] = ""
    tsa_url: Annotated[str, Doc(description="RFC 3161 time-stamp authority; empty: the sandbox's")] = ""
    tsa_policy: Annotated[
        Literal["wait", "later"],
        Doc(
            description="authority down: `wait` with the stamp, or release it and add the time stamp `later`"
        ),
    ] = "wait"
    revocation_url: Annotated[
        str,
        Doc(
            description="server that is asked instead of all CRL and OCSP addresses; empty: the "
            "sandbox's, or in production those addresses"
        ),
    ] = ""
    stamp_artwork: Annotated[
        str,
        Doc(
            description="PNG of the issuer's artwork for the visible stamp, 540 x 540 dots; empty: our "
            "neutral drawing"
        ),
    ] = ""
    signature_level: Annotated[
        Literal["B-T", "B-LT", "B-LTA"],
        Doc(description="PAdES level of released files: `B-T`, `B-LT` or `B-LTA`"),
    ] = "B-T"
    archive_days_ahead: Annotated[
        int, Doc(ge=1, description="a file's proof is renewed this many days before it ends")
    ] = 90
    archive_files_per_minute: Annotated[
        int, Doc(ge=1, description="most files per minute that a worker brings to their level or renews")
    ] = 600
    payment_gateways: Annotated[
        str,
        Doc(
            description="payment gateways in order of preference, with commas between: `midtrans`, "
            "`snap` ([how one is chosen](gateways.md)); empty: `midtrans`, and `snap` if it has an "
            "address, as in development"
        ),
    ] = ""
    gateway_url: Annotated[str, Doc(description="Midtrans core API; empty: the sandbox's")] = ""
    gateway_server_key: Annotated[str, Doc(description="Midtrans server key; empty: the sandbox's")] = ""
    gateway_merchant_id: Annotated[
        str,
        Doc(
            description="our merchant id; notices and answers for another are refused; needed in production; "
            "empty: not compared"
        ),
    ] = ""
    snap_url: Annotated[str, Doc(description="BI-SNAP API of the bank; empty: the sandbox's")] = ""
    snap_client_id: Annotated[
        str,
        Doc(description="our client id at the bank (X-CLIENT-KEY and X-PARTNER-ID); empty: the sandbox's"),
    ] = ""
    snap_channel_id: Annotated[str, Doc(description="CHANNEL-ID that the bank gives us")] = "95221"
    snap_client_secret: Annotated[
        str,
        Doc(description="client secret, which signs every call but that for a token; empty: the sandbox's"),
    ] = ""
    snap_private_key: Annotated[
        str, Doc(description="PEM file of our RSA key, with which we ask the bank for tokens; empty: made")
    ] = ""
    snap_bank_key: Annotated[
        str,
        Doc(
            description="PEM file of the bank's public RSA key, with which it asks us for tokens; empty: made"
        ),
    ] = ""
    snap_merchant_id: Annotated[
        str, Doc(description="our merchant id for QRIS at the bank; empty: the sandbox's, or no QRIS there")
    ] = ""
    snap_companies: Annotated[
        str,
        Doc(
            description="our company's number (partnerServiceId without its spaces) at the bank of each "
            "virtual account, with commas: `va_bni=98829,va_bca=19008`; empty: the sandbox's, or no virtual "
            "account there"
        ),
    ] = ""
    settlement_reports: Annotated[
        str,
        Doc(
            description="where the settlement report of each gateway is, with commas, and `{day}` for the "
            "day: `midtrans=https://reports.example/{day}.csv`; empty: the sandbox's, or reports are dropped "
            "in (docs/reconciliation.md)"
        ),
    ] = ""
    settlement_keys: Annotated[
        str,
        Doc(
            description="keys for these addresses, with commas: `midtrans=KEY`; sent as the user name of "
            "Basic authorization"
        ),
    ] = ""
    payout_url: Annotated[str, Doc(description="payout (Iris) API; empty: the sandbox's")] = ""
    payout_key: Annotated[
        str,
        Doc(
            description="payout API key of the creator, whose payouts the provider approves by itself "
            "(Midtrans: Auto-approve single); empty: the sandbox's"
        ),
    ] = ""
    smtp_url: Annotated[
        str,
        Doc(
            description="smtp://[user:password@]host:port or smtps://...; production sends nothing to "
            "another machine without TLS (STARTTLS); empty: the sandbox's"
        ),
    ] = ""
    whatsapp_url: Annotated[str, Doc(description="WhatsApp message API; empty: the sandbox's")] = ""
    whatsapp_token: Annotated[str, Doc(description="bearer token of the WhatsApp API")] = ""
    whatsapp_template_code: Annotated[
        str, Doc(description="name of the approved WhatsApp template for codes; see below")
    ] = "meterai_code"
    whatsapp_template_news: Annotated[
        str, Doc(description="name of the approved WhatsApp template for all other messages; see below")
    ] = "meterai_news"
    mail_sender: Annotated[str, Doc(description="From address of e-mails")] = "meterai@meterai.localhost"
    contact: Annotated[
        str,
        Doc(
            description="where people reach us, shown at the foot of pages and with every help code: an "
            "e-mail address, a telephone number or an https address; needed in production; empty: nowhere"
        ),
    ] = ""
    security_contact: Annotated[
        str,
        Doc(
            description="where people report holes in our security, for /.well-known/security.txt: as "
            "METERAI_CONTACT; empty: METERAI_CONTACT"
        ),
    ] = ""
    operator_name: Annotated[
        str, Doc(description="company that runs the service, at the foot of pages; needed in production")
    ] = ""
    operator_address: Annotated[
        str, Doc(description="its postal address, on the page about us; needed in production")
    ] = ""
    operator_basis: Annotated[
        str, Doc(description="laws and rules under which it sells stamps; needed in production")
    ] = ""
    operator_appointment: Annotated[
        str,
        Doc(
            description="what appoints it: the contract or letter, with number and date; needed in production"
        ),
    ] = ""
    privacy_officer: Annotated[
        str,
        Doc(
            description="data protection officer (UU 27/2022, article 53) on the privacy page: a name or an "
            "office; empty: the operator"
        ),
    ] = ""
    privacy_contact: Annotated[
        str,
        Doc(description="where people reach them, written as METERAI_CONTACT; empty: METERAI_CONTACT"),
    ] = ""
    keep_stamped_days: Annotated[
        int,
        Doc(
            ge=30, description="days that a stamped file can be downloaded; then it and its name are deleted"
        ),
    ] = 3_650
    keep_books_years: Annotated[
        int,
        Doc(
            ge=10,
            description="years after the year of the payment that the buyer on a receipt is kept; tax law "
            "asks for ten",
        ),
    ] = 10
    keep_bank_account_days: Annotated[
        int, Doc(ge=14, description="days after a payout that its bank account is kept; a bank may return it")
    ] = 90
    keep_order_contact_days: Annotated[
        int, Doc(ge=90, description="days after its end that an order keeps its contact")
    ] = 730
    keep_removed_contact_days: Annotated[
        int, Doc(ge=1, description="days that a contact is kept after its customer took it off")
    ] = 90
    keep_idle_contact_days: Annotated[
        int,
        Doc(
            ge=365,
            description="days without a sign-in and without an order after which the contacts of a customer "
            "without quota are deleted",
        ),
    ] = 1_825
    keep_case_days: Annotated[
        int, Doc(ge=30, description="days after its closing that a complaint is kept")
    ] = 730
    keep_line_days: Annotated[
        int,
        Doc(
            ge=31,
            description="days after an event's closing that names and contacts of people in line are kept",
        ),
    ] = 90
    keep_audit_value_days: Annotated[
        int,
        Doc(ge=365, description="days that contacts and names stand beside entries of the audit trail"),
    ] = 1_825
    keep_notice_days: Annotated[
        int, Doc(ge=90, description="days that the wording of a payment notice is kept")
    ] = 730
    keep_log_days: Annotated[
        int,
        Doc(ge=2, description="days that logs in DATA/logs are kept; give journald and nginx the same term"),
    ] = 90
    service_fee: Annotated[
        int,
        Doc(ge=0, description="service fee per stamp in rupiah, VAT included, until officers enter another"),
    ] = 2500
    vat_basis_points: Annotated[
        int, Doc(ge=0, le=10_000, description="VAT on the fee, in hundredths of a percent")
    ] = 1100
    payment_minutes: Annotated[int, Doc(ge=1, description="minutes a payment stays open")] = 30
    refund_wait_minutes: Annotated[
        int,
        Doc(
            ge=0,
            description="minutes between naming the account of a refund and its payout, in which its owner "
            "can stop it",
        ),
    ] = 30
    refund_release_above: Annotated[
        int,
        Doc(
            ge=0,
            description="two officers release a payout when the accounts that one customer named within 24 "
            "hours get more than this, in rupiah",
        ),
    ] = 1_000_000
    events_file: Annotated[str, Doc(description="TOML file of events; empty: the shipped example")] = ""
    gate_processes: Annotated[
        int, Doc(ge=0, description="gates, which give tickets and show the wait page")
    ] = 1
    gate_first_number: Annotated[
        int,
        Doc(
            ge=1,
            le=65_535,
            description="number of this machine's first gate; no other gate may ever have it",
        ),
    ] = 1
    queue_processes: Annotated[
        int, Doc(ge=0, description="controllers of the queues; one leads, the others stand by")
    ] = 1
    queue_folder: Annotated[
        str,
        Doc(
            description="folder of the queues' files, shared by all gates unless METERAI_NATS_URL is set; "
            "empty: DATA/queue"
        ),
    ] = ""
    nats_url: Annotated[
        str,
        Doc(
            description="NATS servers with JetStream that carry the lines of several hosts, with commas: "
            "tls://user:password@nats-a.example:4222. Each host has a queue folder of its own then; empty: "
            "all hosts share METERAI_QUEUE_FOLDER"
        ),
    ] = ""
    nats_credentials: Annotated[
        str, Doc(description="credentials file for NATS, in the place of a password in METERAI_NATS_URL")
    ] = ""
    nats_tls_ca: Annotated[
        str, Doc(description="PEM file of the authority above the certificates of NATS; empty: the system's")
    ] = ""
    nats_replicas: Annotated[
        int, Doc(ge=1, le=5, description="servers of NATS that keep each message: 1, or 3 of a cluster")
    ] = 1
    line_key: Annotated[
        str,
        Doc(
            description="with METERAI_NATS_URL: secret by which controllers and mirrors know what is ours, "
            "and send keys of gates; empty: made with the installation"
        ),
    ] = ""
    line_controller_key: Annotated[
        str,
        Doc(
            description="with METERAI_NATS_URL: secret under which controllers send each other their keys; "
            "empty: made with the installation"
        ),
    ] = ""
    queue_beacon: Annotated[
        str,
        Doc(
            description="public source of random numbers for the draw of places: base address of a drand "
            "chain, or a file of its rounds; `none`: there is none, and the public rules say so; empty: the "
            "same, refused in production"
        ),
    ] = ""
    gate_url: Annotated[
        str,
        Doc(description="address at which people reach the gates; empty: made from the gate's host and port"),
    ] = ""
    gate_work: Annotated[
        Literal["auto", "on", "off"],
        Doc(
            description="whether joining the line needs a proof of work: `on`, `off` or `auto` (while "
            "many join, or many of one network or mail domain)"
        ),
    ] = "auto"
    gate_work_joins_per_second: Annotated[
        float, Doc(ge=0, description="joins per second at a gate from which auto asks for work")
    ] = 50.0
    home_country: Annotated[
        str, Doc(description="country code of most people's telephones; other countries have small budgets")
    ] = "62"
    codes_per_day_home: Annotated[
        int,
        Doc(ge=0, description="codes a day to telephones of the home country from which an alarm is raised"),
    ] = 20_000
    codes_per_day_email: Annotated[
        int, Doc(ge=0, description="codes a day to e-mail addresses from which an alarm is raised")
    ] = 50_000
    codes_per_day_foreign: Annotated[
        int,
        Doc(
            ge=0,
            description="codes a day that strangers get at telephones of each other country code; then they "
            "are asked for an e-mail address",
        ),
    ] = 100
    news_per_day_home: Annotated[
        int,
        Doc(
            ge=0,
            description="messages a day about incidents and announcements to telephones of the home country; "
            "what does not fit waits for the next day",
        ),
    ] = 5_000
    news_per_day_email: Annotated[int, Doc(ge=0, description="the same to e-mail addresses")] = 50_000
    news_per_day_foreign: Annotated[
        int, Doc(ge=0, description="the same to telephones of each other country code")
    ] = 100
    message_price_email: Annotated[
        int, Doc(ge=0, description="rupiah for one e-mail; officers see the sum before messages are sent")
    ] = 5
    message_price_home: Annotated[
        int, Doc(ge=0, description="the same for a WhatsApp message to the home country")
    ] = 600
    message_price_foreign: Annotated[
        int, Doc(ge=0, description="the same for a WhatsApp message to another country")
    ] = 1_500
    mail_providers_file: Annotated[
        str,
        Doc(
            description="file of large mail providers' domains, one a line, whose mailboxes are not counted "
            "together in line; empty: the list that is shipped"
        ),
    ] = ""
    general_purchases_per_minute: Annotated[
        int,
        Doc(
            ge=0,
            description="purchases for no event, and of quota, that may begin in a minute while people "
            "wait in line for an event; 0: none, everybody takes a place in line. The signed rules of a "
            "queue name it, so sites and controllers need the same number",
        ),
    ] = 60
    partner_share_percent: Annotated[
        int,
        Doc(
            ge=0,
            le=90,
            description="while people wait in line for an event: the part of the admission that orders of "
            "partners have, of people and orders together; 0: partners order nothing meanwhile",
        ),
    ] = 20
    officers: Annotated[
        str,
        Doc(
            description="TOML file of the officers, their roles and SSH keys; root owns it, nobody else "
            "may write it. Empty: nobody signs; production then refuses acts that need signatures"
        ),
    ] = ""
    audit_head: Annotated[
        str,
        Doc(
            description="where the head of the audit trail goes each minute in which it changed: a file "
            "(`file:///...`), `syslog:` or an https address; empty: nowhere"
        ),
    ] = ""
    status_page: Annotated[
        Literal["", "on", "off"],
        Doc(
            description="`on`: `meterai up` also writes the status page (docs/news.md); empty: in "
            "development it does"
        ),
    ] = ""
    status_to: Annotated[
        str,
        Doc(
            description="where the status page is written: a folder that a web server elsewhere serves, or "
            "s3://bucket/prefix; empty: DATA/status"
        ),
    ] = ""
    status_data: Annotated[
        str,
        Doc(
            description="folder in which the status page keeps its history of 90 days; empty: "
            "DATA/status-history"
        ),
    ] = ""
    status_notice: Annotated[
        str,
        Doc(
            description="TOML file with a notice that the status page shows while everything else is dead; "
            "empty: notice.toml in METERAI_STATUS_DATA"
        ),
    ] = ""
    status_url: Annotated[
        str, Doc(description="address at which people see the status page; empty: that of its twin")
    ] = ""
    probe_seconds: Annotated[
        int, Doc(ge=10, le=3_600, description="seconds between two looks at the service from outside")
    ] = 60
    probe: Annotated[
        Literal["", "on", "off"],
        Doc(
            description="`on`: the status page plays a purchase at each look (docs/news.md#the-probe): in "
            "production an order that it cancels, in development through to the verdict; empty: `meterai "
            "up` in development turns it on with the status page"
        ),
    ] = ""
    probe_contact: Annotated[
        str,
        Doc(
            description="e-mail address of the probe's account, which no person uses; empty: in development "
            "one is made"
        ),
    ] = ""
    probe_secret: Annotated[
        str,
        Doc(
            description="secret by which sites know the probe, of 32 characters or more; sites and the "
            "status page need the same; empty: in development one is made"
        ),
    ] = ""
    adapter_service: Annotated[
        str, Doc(description="base address of the stampservice role, for `meterai adapter` alone")
    ] = ""
    adapter_folder: Annotated[
        str, Doc(description="folder that the adapter shares with the programs that send it documents")
    ] = ""
    adapter_host: Annotated[str, Doc(description="address the adapter listens on")] = "127.0.0.1"
    adapter_port: Annotated[int, Doc(ge=1, le=65535, description="port of the adapter")] = 7777
    adapter_gateway_key: Annotated[
        str, Doc(description="value of the header `x-Gateway-APIKey` to the service; empty: not sent")
    ] = ""
    adapter_roots: Annotated[
        str,
        Doc(
            description="PEM file of the authorities above time stamps; empty: those above the certificate "
            "that the service signs with"
        ),
    ] = ""
    adapter_keep_days: Annotated[
        int, Doc(ge=1, description="days that the adapter's journal keeps a document, for repeats")
    ] = 7
    log_level: Annotated[str, Doc(description="lowest level that is logged")] = "INFO"
    traces_url: Annotated[
        str,
        Doc(
            description="collector of traces, OTLP over HTTP such as http://127.0.0.1:4318 "
            "(docs/metrics.md#traces); empty: no traces"
        ),
    ] = ""
    traces_percent: Annotated[
        int, Doc(ge=0, le=100, description="of the requests that begin a trace, where traces are on")
    ] = 100
    role_port: Annotated[
        str,
        Doc(
            pattern=r"^(\S+:)?\d{1,5}(\+\d{1,5})?$",
            description="port of this process for monitors (docs/metrics.md), or a sum such as 8060+2; on "
            "127.0.0.1, or with an address before it: 0.0.0.0:8060. `meterai up` and the units number it "
            "themselves; 0: none",
        ),
    ] = "0"


_WEB: Final = ("http", "https")
_MAIL: Final = ("smtp", "smtps")
_NATS: Final = ("nats", "tls")
_POSTGRES: Final = ("postgresql", "postgres")
_SCHEMES: Final = {
    **dict.fromkeys(("public_url", "gate_url", "tsa_url", "revocation_url", "gateway_url"), _WEB),
    "snap_url": _WEB,
    **dict.fromkeys(("status_url", "traces_url"), _WEB),
    "adapter_service": _WEB,
    **dict.fromkeys(("payout_url", "whatsapp_url"), _WEB),
    "smtp_url": _MAIL,
    **dict.fromkeys((*database_urls.SETTINGS, database_urls.POOLER), _POSTGRES),
}
"""How the addresses among the settings begin."""
_HOST: Final = re.compile(r"(\[[^\[\]]+\]|[^:\[\]]*)(:[1-9]\d{0,4})?")
"""Of a database, with its port."""
_TLS_FILES: Final = ("sslrootcert", "sslcert", "sslkey", "sslcrl")
"""What an address of a database names files by. The driver says of one that is not there no name."""
_FORMER: Final = {
    "METERAI_DATABASE_APP_URL": "Each process has a role of its own now. Remove this variable, or give "
    "METERAI_DATABASE_SITE_URL, _WORKER_URL, _CONTROLLER_URL and _OPERATOR_URL (docs/first-start.md)"
}
"""Variables of earlier releases, and what to do. Ignoring them could work on another database."""
_EXAMPLES: Final = {
    _WEB: "https://example.go.id",
    _POSTGRES: "postgresql://user:password@host:5432/database; # / ? @ in a password are %23 %2F %3F %40",
    _MAIL: "smtp://user:password@host:587",
}


def from_environment(environment: Mapping[str, str] | None = None) -> Settings:
    """Reads the settings.

    Raises: ValueError naming the variable that can't be read, or can't be meant.
    """
    source = os.environ if environment is None else environment
    for former, next_step in _FORMER.items():
        if source.get(former):
            raise ValueError(f"{former}: {next_step}")
    values: dict[str, Any] = {}
    hints = get_type_hints(Settings, include_extras=True)
    for name in Settings.__struct_fields__:
        text = _text_of("METERAI_" + name.upper(), source)
        if not text:
            continue
        try:
            values[name] = Path(text) if name == "data" else msgspec.convert(text, hints[name], strict=False)
        except msgspec.ValidationError as error:
            raise ValueError(f"METERAI_{name.upper()}: {error}") from error
    settings = Settings(**values)
    for name, wrong in _what_is_wrong(settings):
        raise ValueError(f"METERAI_{name.upper()}: {wrong}")
    if settings.objects_url.startswith("s3:") or settings.status_to.startswith("s3:"):
        for variable, wrong in wrong_store_variables(source, production=settings.environment == "production"):
            raise ValueError(f"{variable}: {wrong}")
    return settings


def _text_of(variable: str, source: Mapping[str, str]) -> str:
    """Raises: ValueError for a secret that can't be read, or that is set twice."""
    if variable in SECRETS:
        return secret_of(variable, source)
    return file_of(variable, source) if variable in SECRET_FILES else source.get(variable, "")


def _what_is_wrong(settings: Settings) -> Iterator[tuple[str, str]]:
    """Settings of the right type that would only fail later, or be printed on every stamp. What was given is
    not repeated: an address may hold a password."""
    for name, schemes in _SCHEMES.items():
        text: str = getattr(settings, name)
        if text and not _is_address(text, schemes):
            yield name, "Expected an address such as " + _EXAMPLES[schemes]
        elif schemes is _POSTGRES:
            for said, path in parse_qsl(urlsplit(text).query):
                if said in _TLS_FILES and not os.access(path, os.R_OK):
                    yield name, f"{said} names a file that is not there, or that we may not read: {path}"
    for address in named_values(settings.settlement_reports).values() or settings.settlement_reports[:1]:
        if not _is_address(address, _WEB) or "{day}" not in address:
            yield "settlement_reports", "Expected midtrans=https://reports.example/{day}.csv, with commas"
    if not all(_is_address(one, _NATS) for one in listed(settings.nats_url)):
        yield "nats_url", "Expected addresses such as tls://user:password@nats-a.example:4222, with commas"
    if settings.objects_url and not re.match(r"file:///|s3://[^/@?#]+(/|$)", settings.objects_url):
        yield "objects_url", "Expected file:///folder, with three slashes, or s3://bucket/prefix"
    if settings.status_to and not re.match(r"/|file:///|s3://[^/@?#]+(/|$)", settings.status_to):
        yield "status_to", "Expected /folder or s3://bucket/prefix"
    for name in ("probe_secret", "line_key", "line_controller_key"):
        if (secret := getattr(settings, name)) and not re.fullmatch(r"[!-~]{32,200}", secret):
            yield name, "Expected 32 to 200 printable characters without blanks"
    if settings.probe_contact and not contact_link(settings.probe_contact).startswith("mailto:"):
        yield "probe_contact", "Expected an e-mail address such as probe@example.go.id"
    if not (settings.mail_sender.isascii() and settings.mail_sender.isprintable()):
        yield "mail_sender", "Expected an address in ASCII such as meterai@example.go.id"
    for name in ("contact", "privacy_contact", "security_contact"):
        if (contact := getattr(settings, name)) and not contact_link(contact):
            yield name, "Expected bantuan@example.go.id, +62 21 1500 123 or an https address"
    if not all(_is_network(one) for one in listed(settings.trusted_proxies)):
        yield "trusted_proxies", "Expected addresses or networks such as 10.0.0.5, 10.1.0.0/24"
    if settings.backup_recipients and not all(
        re.fullmatch(r"age1[02-9ac-hj-np-z]{58}", one) for one in listed(settings.backup_recipients)
    ):
        yield "backup_recipients", "Expected public keys of age (age1...), with commas between"
    if settings.backup_signing_key and not re.fullmatch(r"[A-Za-z0-9+/]{43}=", settings.backup_signing_key):
        yield "backup_signing_key", "Expected the line that meterai backup-key writes"
    head = settings.audit_head
    if head and not (re.fullmatch(r"syslog:|file:///.+", head) or _is_address(head, ("https",))):
        yield "audit_head", "Expected file:///folder/file, syslog: or an https address"
    try:
        read_hosts(settings.wire_hosts)
    except ValueError as error:
        yield "wire_hosts", str(error)
    if not re.fullmatch(r"[1-9]\d{0,2}", settings.home_country, re.A):
        yield "home_country", "Expected a country code such as 62"
    if settings.log_level.upper() not in logging.getLevelNamesMapping():
        yield "log_level", "Expected DEBUG, INFO, WARNING, ERROR or CRITICAL"
    if settings.environment == "production":
        yield from unsafe_settings(settings)


def contact_link(contact: str) -> str:
    """What a link to it says: `mailto:`, `tel:` or the address itself; empty when it is none of the three."""
    if re.fullmatch(r"[\w.+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", contact, re.A):
        return f"mailto:{contact}"
    if re.fullmatch(r"\+?[0-9](?:[ -]?[0-9]){2,14}", contact):
        return "tel:" + re.sub("[ -]", "", contact)
    return contact if _is_address(contact, ("https",)) and not re.search(r"\s", contact) else ""


def _is_network(text: str) -> bool:
    try:
        ip_network(text)
    except ValueError:
        return False
    return True


def _is_address(text: str, schemes: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(text)
        is_whole = _is_database(parts) if schemes is _POSTGRES else bool(parts.hostname and parts.port != 0)
    except ValueError:
        return False
    return parts.scheme in schemes and is_whole


def _is_database(parts: SplitResult) -> bool:
    """Any number of hosts may stand in it, or none. What a password has torn apart is none: whoever read it
    would show a piece of that. Raises: ValueError."""
    if parts.query:
        parse_qsl(parts.query, strict_parsing=True)
    user, _, hosts = parts.netloc.rpartition("@")
    are_hosts = all(_HOST.fullmatch(host) for host in hosts.split(","))
    return are_hosts and "@" not in user + parts.path and not parts.fragment


def describe() -> list[tuple[str, str, str]]:
    """(variable, default, meaning) of every setting, for `meterai config` and the docs."""
    rows = []
    hints = get_type_hints(Settings, include_extras=True)
    for field in msgspec.structs.fields(Settings):
        meta = next(m for m in hints[field.name].__metadata__ if isinstance(m, msgspec.Meta))
        default = "" if field.name == "data" else str(field.default)  # every command has set it before
        rows.append(("METERAI_" + field.name.upper(), default, meta.description or ""))
    return rows


def gateway_names(settings: Settings) -> list[str]:
    """The payment gateways in use, in order of preference, each once."""
    named = list(dict.fromkeys(listed(settings.payment_gateways)))
    return named or ["midtrans", *(["snap"] if settings.snap_url else [])]


def queue_root(settings: Settings) -> Path:
    """The folder in which the files of all queues lie."""
    return Path(settings.queue_folder) if settings.queue_folder else settings.data / "queue"


def front_root(settings: Settings) -> Path:
    """The folder of queues that gates, sites and workers of this host use.

    With NATS a mirror keeps it, beside that of a controller on the same host.
    """
    root = queue_root(settings)
    return root.with_name(f"{root.name}-front") if settings.nats_url else root


def status_folder(settings: Settings) -> Path:
    """The folder in which the status page keeps its history."""
    return Path(settings.status_data) if settings.status_data else settings.data / "status-history"


def beacon_address(settings: Settings) -> str:
    """The public beacon that draws use; empty: there is none, and the operator is trusted with the seeds."""
    return "" if settings.queue_beacon == NO_BEACON else settings.queue_beacon


def secrets_folder(settings: Settings) -> Path:
    """The folder with the installation's secrets."""
    return Path(settings.secrets_folder) if settings.secrets_folder else settings.data / "secrets"


def trust_folder(settings: Settings) -> Path:
    """The folder with what verification trusts."""
    return Path(settings.trust_folder) if settings.trust_folder else settings.data / "pki" / "trust"


def host_name(settings: Settings) -> str:
    """The name of this host: as set, else the machine's."""
    return settings.host_name or socket.gethostname()


def public_url(settings: Settings, *, port: int = 0) -> str:
    """The address people see, without a slash at its end: as set, or made from host, port and TLS.

    `port`: instead of the one in the settings.
    """
    if settings.public_url:
        return settings.public_url.rstrip("/")
    scheme = "https" if settings.tls_certificate else "http"
    return f"{scheme}://{shown_host(settings.host)}:{port or settings.port}"


def shown_host(host: str) -> str:
    """As an address that somebody listens on stands in a URL."""
    if host in ("127.0.0.1", "0.0.0.0", "::"):  # noqa: S104
        return "localhost"
    return in_url(host)


def in_url(host: str) -> str:
    """A host as it stands in a URL."""
    return f"[{host}]" if ":" in host else host


def gate_address(settings: Settings) -> str:
    """The address at which people reach the gates, without a slash at its end."""
    return settings.gate_url.rstrip("/") or public_url(settings, port=GATE_PORT)
