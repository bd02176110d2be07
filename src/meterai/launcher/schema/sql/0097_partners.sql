-- Partners: organisations in a tree, their members, agreements, stock and credit (docs/partners.md).

ALTER TABLE customers.organisation DROP CONSTRAINT organisation_role_check;
ALTER TABLE customers.organisation ADD CONSTRAINT organisation_role_check CHECK (role IN (
    'treasury', 'issuer', 'distributor', 'seller', 'retailer', 'enterprise', 'collector', 'sub_account'));

CREATE SCHEMA partners;

-- A partner. Its parent is the issuer, or another partner. The account holder is a customer without contacts: documents
-- and jobs of the organisation are that customer's.
CREATE TABLE partners.organisation (
    id uuid PRIMARY KEY REFERENCES customers.organisation,
    parent_id uuid NOT NULL REFERENCES customers.organisation,
    role text NOT NULL CHECK (role IN ('distributor', 'retailer', 'enterprise', 'collector', 'sub_account')),
    code text NOT NULL UNIQUE CHECK (code ~ '^[a-z][a-z0-9-]{1,30}$'),
    state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'suspended', 'closed')),
    npwp text CHECK (npwp ~ '^[0-9]{15,16}$|^[0-9]{22}$'),
    account_holder uuid NOT NULL UNIQUE REFERENCES customers.customer,
    created_at timestamptz NOT NULL,
    CHECK (parent_id <> id)
);
CREATE INDEX organisation_by_parent ON partners.organisation (parent_id);

-- What was agreed with an organisation, by its parent. It never changes; a later one replaces it from its first day on.
CREATE TABLE partners.agreement (
    id uuid PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES partners.organisation,
    valid_from date NOT NULL,
    valid_until date CHECK (valid_until >= valid_from),       -- the last day (WIB); null: until another one
    unit_price bigint NOT NULL CHECK (unit_price BETWEEN 0 AND 1000000),
    service_fee bigint NOT NULL DEFAULT 0 CHECK (service_fee BETWEEN 0 AND 1000000),   -- of the parent, with its VAT
    stamps_per_document_max integer CHECK (stamps_per_document_max > 0),
    stamps_per_day_max integer CHECK (stamps_per_day_max > 0),
    credit_limit bigint NOT NULL DEFAULT 0 CHECK (credit_limit BETWEEN 0 AND 1000000000000000),
    open_periods_max smallint NOT NULL DEFAULT 1 CHECK (open_periods_max BETWEEN 1 AND 12),
    signed_requests boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL
);
CREATE INDEX agreement_by_organisation ON partners.agreement (organisation_id, valid_from DESC, created_at DESC);

-- Money that a distributor paid into the treasury for stamps, under the treasury's receipt.
CREATE TABLE partners.deposit (
    id uuid PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES partners.organisation,
    receipt text NOT NULL,
    amount bigint NOT NULL CHECK (amount > 0),
    at timestamptz NOT NULL
);

-- Stamps that one organisation gave to the one below it, at one price.
CREATE TABLE partners.block (
    id uuid PRIMARY KEY,
    giver uuid NOT NULL REFERENCES customers.organisation,
    receiver uuid NOT NULL REFERENCES partners.organisation,
    pieces bigint NOT NULL CHECK (pieces BETWEEN 1 AND 100000000),
    unit_price bigint NOT NULL CHECK (unit_price >= 0),
    service_fee bigint NOT NULL CHECK (service_fee >= 0),
    paid_by text NOT NULL CHECK (paid_by IN ('deposit', 'funds', 'credit')),
    period date NOT NULL,                            -- the tax period: first day of the month (WIB)
    returned bigint NOT NULL DEFAULT 0 CHECK (returned BETWEEN 0 AND pieces),
    paid bigint NOT NULL DEFAULT 0,                  -- rupiah paid so far, of a block on credit
    at timestamptz NOT NULL,
    CHECK (paid BETWEEN 0 AND (pieces - returned) * (unit_price + service_fee))
);
CREATE INDEX block_by_receiver ON partners.block (receiver, at);
CREATE INDEX block_by_giver ON partners.block (giver, at);

-- Pieces of a block that went back up.
CREATE TABLE partners.block_return (
    id uuid PRIMARY KEY,
    block_id uuid NOT NULL REFERENCES partners.block,
    pieces bigint NOT NULL CHECK (pieces > 0),
    refunded bigint NOT NULL,                        -- rupiah of it that had been paid before
    at timestamptz NOT NULL
);
CREATE INDEX block_return_by_block ON partners.block_return (block_id);

-- Money that an organisation paid its parent: first for what it owes, the rest in advance.
CREATE TABLE partners.payment (
    id uuid PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES partners.organisation,
    amount bigint NOT NULL CHECK (amount > 0),
    settled bigint NOT NULL CHECK (settled BETWEEN 0 AND amount),
    reference text NOT NULL CHECK (length(reference) BETWEEN 1 AND 64),
    at timestamptz NOT NULL,
    UNIQUE (organisation_id, reference)
);

-- Who acts for an organisation on the site.
CREATE TABLE partners.member (
    organisation_id uuid NOT NULL REFERENCES partners.organisation,
    customer_id uuid NOT NULL REFERENCES customers.customer,
    role text NOT NULL CHECK (role IN ('owner', 'buyer', 'stamper', 'viewer')),
    added_at timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, customer_id)
);
CREATE INDEX member_by_customer ON partners.member (customer_id);

-- History stays.
CREATE TRIGGER agreement_is_history BEFORE UPDATE OR DELETE OR TRUNCATE ON partners.agreement
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER deposit_is_history BEFORE UPDATE OR DELETE OR TRUNCATE ON partners.deposit
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER return_is_history BEFORE UPDATE OR DELETE OR TRUNCATE ON partners.block_return
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER payment_is_history BEFORE UPDATE OR DELETE OR TRUNCATE ON partners.payment
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();

GRANT USAGE ON SCHEMA partners TO meterai_site, meterai_worker, meterai_operator, meterai_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA partners TO meterai_site, meterai_worker, meterai_operator, meterai_reader;
GRANT INSERT, UPDATE (role), DELETE ON partners.member TO meterai_site, meterai_operator;
GRANT SELECT ON customers.organisation TO meterai_site, meterai_worker;

-- The plan of accounts, with those of partners. Their stock names its account holder as its customer.
CREATE OR REPLACE FUNCTION ledger.open_accounts(
    ids uuid[], units text[], kinds text[], organisations uuid[], customers uuid[], sides text[], at timestamptz
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, ledger, pg_temp AS $$
DECLARE
    plan constant text[] := ARRAY[
        'issuance STAMP none', 'distributor_stock STAMP credit', 'seller_stock STAMP credit', 'lot STAMP credit',
        'partner_stock STAMP credit', 'used STAMP credit', 'treasury_prepaid IDR debit', 'distributor_funds IDR none',
        'gateway_clearing IDR none', 'suspense IDR credit', 'face_value_payable IDR credit', 'fee_income IDR credit',
        'vat_payable IDR credit', 'gateway_cost IDR none', 'refund_payable IDR credit', 'receivable IDR debit',
        'payout_cash IDR none', 'partner_cash IDR none', 'partner_sales IDR credit', 'partner_funds IDR credit',
        'credit_granted IDR none', 'credit_line IDR credit', 'credit_owed IDR credit'];
    opened integer;
    wrong uuid;
BEGIN
    FOR i IN 1 .. cardinality(ids) LOOP
        IF (concat_ws(' ', kinds[i], units[i], sides[i]) = ANY (plan)) IS NOT TRUE THEN
            RAISE EXCEPTION 'no account of kind % counts % on side %', kinds[i], units[i], sides[i]
                USING ERRCODE = 'LG005';
        END IF;
    END LOOP;
    INSERT INTO ledger.account (id, unit, kind, organisation_id, customer_id, balance_side, created_at)
    SELECT t.*, at FROM unnest(ids, units, kinds, organisations, customers, sides) t
    ON CONFLICT (id) DO NOTHING;
    GET DIAGNOSTICS opened = ROW_COUNT;
    IF opened = cardinality(ids) THEN RETURN; END IF;
    SELECT a.id INTO wrong
    FROM unnest(ids, units, kinds, organisations, customers, sides)
        AS t(id, unit, kind, organisation_id, customer_id, balance_side)
    JOIN ledger.account a ON a.id = t.id
    WHERE (a.unit, a.kind, a.organisation_id, a.customer_id, a.balance_side)
        IS DISTINCT FROM (t.unit, t.kind, t.organisation_id, t.customer_id, t.balance_side)
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'account % exists with other content', wrong USING ERRCODE = 'LG001';
    END IF;
END $$;

-- The account of a kind that an organisation has.
CREATE FUNCTION ledger.own(kind text, organisation uuid) RETURNS uuid LANGUAGE sql IMMUTABLE AS
$$ SELECT ledger.derived_id('account', kind, organisation::text) $$;

-- Where used stamps of an organisation go. The seller's account is made once for each plan, not for each stamp.
CREATE FUNCTION ledger.used_by(organisation uuid) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE organisation WHEN ledger.organisation('seller') THEN ledger.house('used')
        ELSE ledger.own('used', organisation) END
$$;

-- Jobs as before (0069), paid from a customer's lot or from the stock of an organisation.
CREATE OR REPLACE FUNCTION stamping.insert_jobs(
    jobs uuid[], customers uuid[], documents uuid[], keys text[], digests bytea[], lots uuid[], job_refs uuid[],
    inputs bytea[], until timestamptz, holder text, at timestamptz
) RETURNS uuid[] LANGUAGE sql AS $$
    WITH new AS (
        INSERT INTO stamping.job (id, organisation_id, customer_id, document_id, idempotency_key, request_digest,
                lot_account_id, reference_id, input_digest, next_attempt_at, lease_holder, created_at, state,
                lease_token, attempts)
        SELECT n.job, d.organisation_id, d.customer_id, d.id, n.key, n.digest, n.lot, n.ref, n.input, until, holder, at,
            'accepted', 1, 1
        FROM unnest(jobs, customers, documents, keys, digests, lots, job_refs, inputs)
            AS n(job, customer, document, key, digest, lot, ref, input)
        JOIN stamping.document d
            ON d.id = n.document AND d.customer_id = n.customer AND d.input_object = encode(n.input, 'hex')
        JOIN ledger.account a ON a.id = n.lot AND a.kind IN ('lot', 'partner_stock') AND a.customer_id = n.customer
            AND a.organisation_id = d.organisation_id
        ON CONFLICT DO NOTHING RETURNING id
    ) SELECT coalesce(array_agg(id), '{}') FROM new
$$;

-- Serial numbers as before (0069). Each stamp is held on its way to the organisation's own used stamps.
CREATE OR REPLACE FUNCTION stamping.allocate_serials(
    serials text[], serial_jobs uuid[], ordinals integer[], at timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    lines ledger.line[];
BEGIN
    SELECT array_agg(ROW(ledger.derived_id('reserve_stamping', j.id::text, n.ordinal::text), 'pending', NULL,
            'reserve_stamping', j.lot_account_id, ledger.used_by(j.organisation_id), 1, j.id, j.organisation_id,
            at + interval '24 hours')::ledger.line)
        INTO lines
        FROM unnest(serial_jobs, ordinals) AS n(job, ordinal)
        JOIN stamping.job j ON j.id = n.job AND j.state = 'accepted'
        JOIN stamping.document d ON d.id = j.document_id AND d.placements -> (n.ordinal - 1) IS NOT NULL;
    IF cardinality(lines) IS DISTINCT FROM cardinality(serials) OR cardinality(serials) IS DISTINCT FROM (
        SELECT sum(jsonb_array_length(d.placements)) FROM stamping.job j JOIN stamping.document d ON d.id = j.document_id
        WHERE j.id = ANY (serial_jobs))
    THEN RAISE EXCEPTION 'not a serial number for each place on the documents' USING ERRCODE = 'SL003'; END IF;
    PERFORM ledger.post_lines(lines, at);
    INSERT INTO stamping.serial (serial, job_id, ordinal, reservation_id, placement, state, allocated_at)
        SELECT n.serial, n.job, n.ordinal, ledger.derived_id('reserve_stamping', n.job::text, n.ordinal::text),
            d.placements -> (n.ordinal - 1), 'allocated', at
        FROM unnest(serials, serial_jobs, ordinals) AS n(serial, job, ordinal)
        JOIN stamping.job j ON j.id = n.job JOIN stamping.document d ON d.id = j.document_id;
END $$;

REVOKE ALL ON FUNCTION ledger.own, ledger.used_by FROM PUBLIC;
