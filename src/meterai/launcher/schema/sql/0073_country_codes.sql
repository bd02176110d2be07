-- The country code of a telephone number in the form +628... (ITU-T E.164); for an e-mail address: email. The longest
-- alternative of a pattern matches, so codes of three digits are asked for last. Before, 62 was 628: a foreign country.
CREATE OR REPLACE FUNCTION customers.prefix_of(contact_kind text, contact_value text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN contact_kind = 'email' THEN 'email' ELSE coalesce(
        substring(contact_value FROM
            '^\+(1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58])'),
        substring(contact_value FROM '^\+(\d{3})'), '') END;
$$;
DELETE FROM customers.code_count WHERE prefix <> 'email';  -- counted for wrong countries
