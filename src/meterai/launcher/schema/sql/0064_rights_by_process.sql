-- Rights of each process on the tables of stamping, verification, the waiting room and the outbox. SL003: rows do not
-- allow the call.

-- Documents. Those that are being stamped, or are stamped, keep their owner, their bytes and the places of their stamps.
CREATE FUNCTION stamping.keep_stamped() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM stamping.job j WHERE j.document_id = OLD.id AND j.state <> 'refused') THEN
        RAISE EXCEPTION 'document % is being stamped', OLD.id USING ERRCODE = 'SL003';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER document_stays_as_stamped BEFORE UPDATE OF customer_id, input_object, placements ON stamping.document
    FOR EACH ROW WHEN ((OLD.customer_id, OLD.input_object, OLD.placements)
        IS DISTINCT FROM (NEW.customer_id, NEW.input_object, NEW.placements))
    EXECUTE FUNCTION stamping.keep_stamped();

REVOKE ALL ON ALL TABLES IN SCHEMA stamping, verification FROM meterai_app;
REVOKE ALL ON SCHEMA stamping, verification FROM meterai_app;
GRANT USAGE ON SCHEMA stamping, verification TO meterai_site, meterai_worker, meterai_operator;
GRANT SELECT ON ALL TABLES IN SCHEMA stamping, verification TO meterai_site, meterai_worker, meterai_operator;
-- What the site does for people, and `meterai stamp` for customers.
GRANT INSERT, UPDATE (customer_id, placements, output, profile, input_object, input_bytes, inspection, rewritten_from,
    retained_until) ON stamping.document TO meterai_site, meterai_operator;
GRANT INSERT, UPDATE (started_at), DELETE ON stamping.bundle TO meterai_site, meterai_operator;
GRANT INSERT, UPDATE (document_id, refusal_code, refusal_facts), DELETE ON stamping.bundle_file
    TO meterai_site, meterai_operator;
GRANT INSERT ON stamping.awaited TO meterai_site;
GRANT INSERT ON stamping.job TO meterai_site, meterai_operator, meterai_worker;
GRANT EXECUTE ON FUNCTION stamping.allocate_serials TO meterai_operator;
-- The cycle and the clean-up.
GRANT UPDATE (customer_id, retained_until, input_deleted_at), DELETE ON stamping.document TO meterai_worker;
GRANT UPDATE (next_attempt_at, lease_holder, lease_token, attempts, trouble_code) ON stamping.job TO meterai_worker;
GRANT UPDATE (started_at), DELETE ON stamping.bundle TO meterai_worker;
GRANT DELETE ON stamping.awaited TO meterai_worker;
GRANT UPDATE (attempts, next_attempt_at) ON stamping.time_stamp_owed TO meterai_worker;
GRANT UPDATE (due_at, attempts, trouble_code, pending_object) ON stamping.archive TO meterai_worker, meterai_operator;
-- Commands: which key signs, and what a restore has lost.
GRANT UPDATE (active_from, retired_at) ON stamping.signing_key TO meterai_operator;
GRANT INSERT ON stamping.forgotten_use, stamping.register_gap TO meterai_operator;

-- The outbox. The site asks for messages and for work after a payment; it never reads what a message says.
ALTER TABLE jobs.outbox ENABLE ROW LEVEL SECURITY;
CREATE POLICY worker_does_all ON jobs.outbox TO meterai_worker USING (true) WITH CHECK (true);
CREATE POLICY others_count ON jobs.outbox FOR SELECT TO meterai_site, meterai_operator USING (true);
CREATE POLICY site_asks ON jobs.outbox FOR INSERT TO meterai_site WITH CHECK (topic IN (
    'sales.order_news', 'sales.stamp_item_paid', 'code.email', 'code.phone', 'code.stranger.email',
    'code.stranger.phone', 'message.email', 'message.phone'));
CREATE POLICY operator_tells ON jobs.outbox FOR INSERT TO meterai_operator WITH CHECK (topic = 'sales.order_news');
REVOKE ALL ON ALL TABLES IN SCHEMA jobs FROM meterai_app;
REVOKE ALL ON SCHEMA jobs FROM meterai_app;
GRANT USAGE ON SCHEMA jobs TO meterai_site, meterai_worker, meterai_operator;
GRANT SELECT, INSERT, UPDATE (available_at, attempts), DELETE ON jobs.outbox TO meterai_worker;
GRANT SELECT (id, topic, attempts, available_at, created_at), INSERT (topic, payload, available_at, created_at)
    ON jobs.outbox TO meterai_site, meterai_operator;

-- The waiting room. The site lets people in by a function: only windows that are called, and as many people as the
-- admission holds. What flowed in since it was last filled is counted by the database's clock.
CREATE FUNCTION waiting_room.lock_admission(
    of_queue integer, OUT new_level double precision, OUT returner_level double precision, OUT filled_at double precision,
    OUT rate double precision
) LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT d.new_level, d.returner_level, d.filled_at, d.rate FROM waiting_room.door d WHERE d.queue = of_queue FOR UPDATE
$$;

CREATE FUNCTION waiting_room.admit(
    of_queue integer, who bytea, pass uuid, entered timestamptz, of_window integer, of_lane integer, of_gate integer,
    of_sequence bigint, new_left double precision, returner_left double precision
) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    door waiting_room.door;
    at double precision := extract(epoch FROM entered);
    flow double precision;
BEGIN
    SELECT d.* INTO door FROM waiting_room.door d WHERE d.queue = of_queue FOR UPDATE;
    flow := door.rate / 60
        * greatest(0, least(at, extract(epoch FROM clock_timestamp())::double precision) - door.filled_at);
    IF of_lane <> 2 THEN flow := flow - 1; END IF;  -- people with an order in progress never wait
    IF (new_left >= 0 AND returner_left >= 0
        AND new_left + returner_left <= door.new_level + door.returner_level + flow + 0.000001
        AND EXISTS (SELECT FROM waiting_room.queue q WHERE q.number = of_queue AND of_window <= q.frontier_window)
    ) IS NOT TRUE THEN
        RAISE EXCEPTION 'queue % does not let anybody of window % in now', of_queue, of_window USING ERRCODE = 'SL003';
    END IF;
    UPDATE waiting_room.door d SET new_level = new_left, returner_level = returner_left,
        filled_at = greatest(door.filled_at, at) WHERE d.queue = of_queue;
    DELETE FROM waiting_room.knock k WHERE k.queue = of_queue AND k.id = who;
    INSERT INTO waiting_room.pass (id, pass_id, claimed_at, number, queue, lane, gate, sequence)
        VALUES (who, pass, entered, of_window, of_queue, of_lane, of_gate, of_sequence)
        ON CONFLICT (queue, id) DO NOTHING;
    RETURN FOUND;
END $$;

-- What the site adds to the public log: three kinds. The controller writes the log itself.
ALTER TABLE waiting_room.to_log ENABLE ROW LEVEL SECURITY;
CREATE POLICY everybody_reads ON waiting_room.to_log FOR SELECT USING (true);
CREATE POLICY site_says ON waiting_room.to_log FOR INSERT TO meterai_site
    WITH CHECK (what IN ('bypass', 'late_ticket', 'certificate'));
CREATE POLICY operator_says ON waiting_room.to_log FOR INSERT TO meterai_operator
    WITH CHECK (what IN ('operator', 'dead_gate'));
CREATE POLICY controller_takes ON waiting_room.to_log TO meterai_controller USING (true) WITH CHECK (true);

REVOKE ALL ON ALL TABLES IN SCHEMA waiting_room FROM meterai_app;
REVOKE ALL ON SCHEMA waiting_room FROM meterai_app;
GRANT USAGE ON SCHEMA waiting_room TO meterai_site, meterai_worker, meterai_controller, meterai_operator;
GRANT SELECT ON ALL TABLES IN SCHEMA waiting_room TO meterai_site, meterai_worker, meterai_controller, meterai_operator;
REVOKE SELECT ON waiting_room.reminder FROM meterai_controller, meterai_operator;
REVOKE ALL ON FUNCTION waiting_room.lock_admission, waiting_room.admit, waiting_room.take_lease FROM PUBLIC;
GRANT EXECUTE ON FUNCTION waiting_room.lock_admission, waiting_room.admit TO meterai_site;
GRANT UPDATE (order_id) ON waiting_room.pass TO meterai_site;
GRANT INSERT, UPDATE (last_at) ON waiting_room.knock TO meterai_site;
GRANT INSERT ON waiting_room.certificate, waiting_room.to_log TO meterai_site;
GRANT INSERT, UPDATE (number, language, ticket, place), DELETE ON waiting_room.reminder TO meterai_site;
GRANT UPDATE (level, filled_at) ON waiting_room.general_share TO meterai_site;
GRANT INSERT, UPDATE ON waiting_room.site_load TO meterai_site;
GRANT UPDATE (was_called), DELETE ON waiting_room.promise TO meterai_worker;
GRANT INSERT, UPDATE ON waiting_room.outcome, waiting_room.behind TO meterai_worker;
GRANT DELETE ON waiting_room.knock TO meterai_worker;
GRANT UPDATE (told_soon, place), DELETE ON waiting_room.reminder TO meterai_worker;
GRANT EXECUTE ON FUNCTION waiting_room.take_lease TO meterai_controller;
GRANT UPDATE ON waiting_room.lease, waiting_room.queue TO meterai_controller;
GRANT UPDATE (rate, filled_at) ON waiting_room.door TO meterai_controller;
GRANT UPDATE (filled_at) ON waiting_room.general_share TO meterai_controller;
GRANT UPDATE (last_at) ON waiting_room.knock TO meterai_controller;
GRANT UPDATE (logged) ON waiting_room.pass TO meterai_controller;
GRANT INSERT, UPDATE (was_called) ON waiting_room.promise TO meterai_controller;
GRANT INSERT ON waiting_room.dead_gate TO meterai_controller, meterai_operator;
GRANT INSERT, UPDATE, DELETE ON waiting_room.closed_window, waiting_room.config, waiting_room.log_entry
    TO meterai_controller;
GRANT INSERT, DELETE ON waiting_room.to_log TO meterai_controller;
GRANT DELETE ON waiting_room.site_load TO meterai_controller;
GRANT UPDATE (epoch, until) ON waiting_room.lease TO meterai_operator;
GRANT INSERT, UPDATE ON waiting_room.queue TO meterai_operator;
GRANT INSERT ON waiting_room.door, waiting_room.to_log TO meterai_operator;
