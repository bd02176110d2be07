-- What the console's acts on books need: it asks the day close to try again, and says what lines of the bank are for.
-- It gets neither the key of the statements nor the right to close a day.

-- When an officer asked last that days which are over are closed. The day close looks.
CREATE TABLE accounting.closing_asked (
    is_one boolean PRIMARY KEY DEFAULT true CHECK (is_one),
    asked_at timestamptz NOT NULL
);
GRANT SELECT ON accounting.closing_asked TO meterai_closer;

CREATE FUNCTION accounting.ask_to_close(at timestamptz) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO accounting.closing_asked (asked_at) VALUES (at)
    ON CONFLICT (is_one) DO UPDATE SET asked_at = excluded.asked_at
$$;
REVOKE ALL ON FUNCTION accounting.ask_to_close FROM PUBLIC;

GRANT EXECUTE ON FUNCTION accounting.ask_to_close, accounting.day_figures, accounting.explain_line TO meterai_console;
GRANT SELECT (id, booked_on, amount, words, explanation) ON accounting.bank_line TO meterai_console;
INSERT INTO operations.audit_writer (role, kind) VALUES ('meterai_console', 'day'), ('meterai_console', 'bank_line');
