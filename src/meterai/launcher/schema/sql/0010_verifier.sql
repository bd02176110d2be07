-- The verifier's own process: it may ask which bytes were released under which serial number, and nothing else.

GRANT USAGE ON SCHEMA verification TO meterai_verifier;
GRANT SELECT ON verification.released, verification.serial TO meterai_verifier;
