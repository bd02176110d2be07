-- What the console needs to steer a queue: four wishes of operators and the line in the public log. It can't move a frontier or a door.
GRANT UPDATE (is_on, always_in_line, halted_because, rate_cap) ON waiting_room.queue TO meterai_console;
GRANT INSERT ON waiting_room.to_log TO meterai_console;
CREATE POLICY console_says ON waiting_room.to_log FOR INSERT TO meterai_console WITH CHECK (what = 'operator');
INSERT INTO operations.audit_writer (role, kind) VALUES ('meterai_console', 'queue');
