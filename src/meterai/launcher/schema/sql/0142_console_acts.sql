-- What the console's acts need: cases are answered and closed, the stop switch is thrown. It can't release the switch.
GRANT USAGE ON SCHEMA cases TO meterai_console;
GRANT SELECT ON cases.case, cases.answer TO meterai_console;
GRANT UPDATE (state, changed_at) ON cases.case TO meterai_console;
GRANT EXECUTE ON FUNCTION cases.answer_case, operations.throw_switch TO meterai_console;
INSERT INTO operations.audit_writer (role, kind) VALUES ('meterai_console', 'case'), ('meterai_console', 'sealing');
