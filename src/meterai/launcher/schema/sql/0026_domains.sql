-- Constraints of one column as domains. PostgreSQL reads a table's CHECK constraints anew from the catalogue for every
-- statement that writes a row, also when the column keeps its value; a domain's are read once per connection and asked
-- when a value is assigned. They say the same as before.

CREATE DOMAIN ledger.unit AS text CHECK (VALUE IN ('IDR', 'STAMP'));
CREATE DOMAIN ledger.balance_side AS text CHECK (VALUE IN ('credit', 'debit', 'none'));
CREATE DOMAIN ledger.transfer_kind AS text CHECK (VALUE IN ('single', 'pending', 'post', 'void'));
CREATE DOMAIN ledger.amount AS bigint CHECK (VALUE > 0);
CREATE DOMAIN ledger.total AS bigint CHECK (VALUE >= 0);

DROP TRIGGER account_stays_what_it_is ON ledger.account;
ALTER TABLE ledger.account
    DROP CONSTRAINT account_unit_check, DROP CONSTRAINT account_balance_side_check,
    DROP CONSTRAINT account_debits_pending_check, DROP CONSTRAINT account_debits_posted_check,
    DROP CONSTRAINT account_credits_pending_check, DROP CONSTRAINT account_credits_posted_check,
    ALTER COLUMN unit TYPE ledger.unit, ALTER COLUMN balance_side TYPE ledger.balance_side,
    ALTER COLUMN debits_pending TYPE ledger.total, ALTER COLUMN debits_posted TYPE ledger.total,
    ALTER COLUMN credits_pending TYPE ledger.total, ALTER COLUMN credits_posted TYPE ledger.total;
CREATE TRIGGER account_stays_what_it_is
    BEFORE UPDATE OF id, unit, kind, organisation_id, customer_id, balance_side, created_at ON ledger.account
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
ALTER TABLE ledger.transfer
    DROP CONSTRAINT transfer_kind_check, DROP CONSTRAINT transfer_unit_check, DROP CONSTRAINT transfer_amount_check,
    ALTER COLUMN kind TYPE ledger.transfer_kind, ALTER COLUMN unit TYPE ledger.unit,
    ALTER COLUMN amount TYPE ledger.amount;

CREATE DOMAIN customers.language AS text CHECK (VALUE IN ('id', 'en'));
CREATE DOMAIN customers.contact_kind AS text CHECK (VALUE IN ('email', 'phone'));

ALTER TABLE customers.customer DROP CONSTRAINT customer_language_check,
    ALTER COLUMN language TYPE customers.language;
ALTER TABLE customers.contact DROP CONSTRAINT contact_kind_check, ALTER COLUMN kind TYPE customers.contact_kind;
ALTER TABLE customers.code DROP CONSTRAINT code_kind_check, ALTER COLUMN kind TYPE customers.contact_kind;

CREATE DOMAIN sales.flow AS text CHECK (VALUE IN ('stamp', 'quota'));
CREATE DOMAIN sales.order_state AS text
    CHECK (VALUE IN ('draft', 'awaiting_payment', 'paid', 'completed', 'expired', 'cancelled'));
CREATE DOMAIN sales.item_state AS text
    CHECK (VALUE IN ('waiting', 'stamping', 'done', 'refused', 'refunding', 'refunded'));
CREATE DOMAIN sales.payment_channel AS text CHECK (VALUE IN ('qris', 'va_bni'));
CREATE DOMAIN sales.payment_state AS text
    CHECK (VALUE IN ('creating', 'pending', 'settled', 'expired', 'cancelled', 'failed', 'reversed'));
CREATE DOMAIN sales.payment_outcome AS text
    CHECK (VALUE IN ('credited', 'refunded_late', 'refunded_amount', 'refunded_double'));

ALTER TABLE sales.orders
    DROP CONSTRAINT orders_flow_check, DROP CONSTRAINT orders_state_check, DROP CONSTRAINT orders_language_check,
    ALTER COLUMN flow TYPE sales.flow, ALTER COLUMN state TYPE sales.order_state,
    ALTER COLUMN language TYPE customers.language;
ALTER TABLE sales.item
    DROP CONSTRAINT item_kind_check, DROP CONSTRAINT item_state_check, DROP CONSTRAINT item_quantity_check,
    ALTER COLUMN kind TYPE sales.flow, ALTER COLUMN state TYPE sales.item_state,
    ALTER COLUMN quantity TYPE ledger.amount;
ALTER TABLE sales.payment
    DROP CONSTRAINT payment_channel_check, DROP CONSTRAINT payment_state_check,
    DROP CONSTRAINT payment_outcome_check, DROP CONSTRAINT payment_amount_check,
    ALTER COLUMN channel TYPE sales.payment_channel, ALTER COLUMN state TYPE sales.payment_state,
    ALTER COLUMN outcome TYPE sales.payment_outcome, ALTER COLUMN amount TYPE ledger.amount;

CREATE DOMAIN stamping.job_state AS text CHECK (VALUE IN ('accepted', 'sealing', 'released', 'refused'));
CREATE DOMAIN stamping.serial_state AS text CHECK (VALUE IN ('allocated', 'sealed', 'released', 'annulled'));

ALTER TABLE stamping.job DROP CONSTRAINT job_state_check, ALTER COLUMN state TYPE stamping.job_state;

DROP VIEW verification.serial;
ALTER TABLE stamping.serial DROP CONSTRAINT serial_state_check, ALTER COLUMN state TYPE stamping.serial_state;
CREATE VIEW verification.serial AS
    SELECT serial, state, allocated_at, sealed_at, released_at, annulled_at FROM stamping.serial;
GRANT SELECT ON verification.serial TO meterai_app, meterai_reader, meterai_verifier;
