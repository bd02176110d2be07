-- The last of two approvals in the console releases the stop switch. The function asks for both.
GRANT EXECUTE ON FUNCTION operations.release_switch TO meterai_console;
