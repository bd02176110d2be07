-- The few rows of a kind, found by themselves: `meterai check` need not look at every row for them.
CREATE INDEX transfer_given_back ON ledger.transfer (code) INCLUDE (reference_id, amount)
    WHERE code IN ('reversal', 'refund_suspense', 'refund_face_value', 'refund_fee', 'refund_vat',
        'refund_paid', 'refund_returned');
CREATE INDEX job_refused ON stamping.job (id) WHERE state = 'refused';
CREATE INDEX item_refused ON sales.item (id) WHERE state = 'refused';
