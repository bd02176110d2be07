-- The stamping profile of a document: what its seal allows afterwards (pdf/profiles.py).

ALTER TABLE stamping.document ADD COLUMN profile text NOT NULL DEFAULT 'final'
    CHECK (profile IN ('final', 'sign_later', 'signed'));
