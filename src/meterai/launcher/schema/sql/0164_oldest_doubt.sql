-- The page "Now" leads to the acts on the refund that has waited longest for the decision of officers.
GRANT SELECT (id) ON sales.refund TO meterai_console;
