-- Owners keep the members of their organisation on the site (docs/partners.md, "Members on the site"). Each function takes
-- the token of the session, so a captured site can act for owners who are signed in there, and for nobody else.

INSERT INTO operations.audit_writer (role, kind) VALUES ('meterai_site', 'member');
REVOKE INSERT, UPDATE, DELETE ON partners.member FROM meterai_site;
REVOKE UPDATE (role) ON partners.member FROM meterai_site;

-- An invitation by message. The contact is kept as a digest under the token, which only the message has.
CREATE TABLE partners.invitation (
    id uuid PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES partners.organisation,
    role text NOT NULL CHECK (role IN ('owner', 'buyer', 'stamper', 'viewer')),
    token_digest bytea NOT NULL UNIQUE CHECK (length(token_digest) = 32),
    contact_digest bytea NOT NULL CHECK (length(contact_digest) = 32),
    masked text NOT NULL CHECK (length(masked) <= 300),
    invited_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at timestamptz                             -- accepted, or taken back
);
CREATE INDEX invitation_by_organisation ON partners.invitation (organisation_id, invited_at);
CREATE INDEX invitation_by_end ON partners.invitation (expires_at);

-- PM001 no session · PM002 its contact was not proven lately · PM003 no owner · PM004 nobody would be owner
-- PM005 no such member · PM006 too many invitations in a day · PM007 no such invitation · PM008 of another contact
-- PM009 a member already

CREATE FUNCTION partners.lock_members(of_organisation uuid) RETURNS void LANGUAGE sql AS $$
    SELECT pg_advisory_xact_lock(hashtextextended(of_organisation::text, 7240815041))
$$;

-- The customer of a session whose contact was proven lately, who is an owner. Locks the members.
CREATE FUNCTION partners.owner_of_session(token bytea, of_organisation uuid, at timestamptz) RETURNS uuid
LANGUAGE plpgsql AS $$
DECLARE
    signed_in record;
BEGIN
    signed_in := customers.fresh_session(token, customers.checked_time(at));
    IF signed_in.customer IS NULL THEN
        PERFORM partners.refuse(CASE WHEN signed_in.is_old THEN 'PM002' ELSE 'PM001' END, 'no fresh session');
    END IF;
    PERFORM partners.lock_members(of_organisation);
    IF NOT EXISTS (SELECT FROM partners.member m JOIN partners.organisation o ON o.id = m.organisation_id
        WHERE m.organisation_id = of_organisation AND m.customer_id = signed_in.customer AND m.role = 'owner'
            AND o.state <> 'closed')
    THEN PERFORM partners.refuse('PM003', 'no owner'); END IF;
    RETURN signed_in.customer;
END $$;

-- The customer of a session, whenever it was opened.
CREATE FUNCTION partners.customer_of_session(token bytea, at timestamptz) RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE
    found uuid;
BEGIN
    SELECT s.customer_id INTO found FROM customers.session s WHERE s.token_digest = sha256(token)
        AND customers.is_signed_in(s.expires_at, coalesce(s.used_at, s.created_at), customers.checked_time(at))
        AND (s.contact_id IS NULL OR EXISTS (SELECT FROM customers.contact c
            WHERE c.id = s.contact_id AND c.customer_id = s.customer_id AND c.replaced_at IS NULL));
    IF found IS NULL THEN PERFORM partners.refuse('PM001', 'no session'); END IF;
    RETURN found;
END $$;

CREATE FUNCTION partners.keep_owner(of_organisation uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM partners.member WHERE organisation_id = of_organisation AND role = 'owner') THEN
        PERFORM partners.refuse('PM004', 'nobody would be owner');
    END IF;
END $$;

CREATE FUNCTION partners.audit_member(of_organisation uuid, what text, facts jsonb, at timestamptz) RETURNS void
LANGUAGE sql AS $$
    SELECT operations.write_audit('customer', 'member.' || what,
        (SELECT o.code FROM partners.organisation o WHERE o.id = of_organisation), facts, at)
$$;

CREATE FUNCTION partners.contact_digest(invitation_token bytea, of_kind text, of_value text) RETURNS bytea
LANGUAGE sql IMMUTABLE AS $$ SELECT sha256(invitation_token || convert_to(of_kind || ':' || of_value, 'UTF8')) $$;

-- Invites a contact for seven days. At most `most` invitations in a day.
CREATE FUNCTION partners.invite(
    token bytea, of_organisation uuid, invitation uuid, invitation_token bytea, of_kind text, of_value text, shown text,
    a_role text, most integer, at timestamptz
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    owner uuid := partners.owner_of_session(token, of_organisation, at);
BEGIN
    IF (SELECT count(*) FROM partners.invitation i
        WHERE i.organisation_id = of_organisation AND i.invited_at > at - interval '1 day') >= most
    THEN PERFORM partners.refuse('PM006', 'too many invitations'); END IF;
    INSERT INTO partners.invitation
        (id, organisation_id, role, token_digest, contact_digest, masked, invited_at, expires_at)
        VALUES (invitation, of_organisation, a_role, sha256(invitation_token),
            partners.contact_digest(invitation_token, of_kind, of_value), shown, at, at + interval '7 days');
    PERFORM partners.audit_member(of_organisation, 'invite',
        jsonb_build_object('invitation', invitation, 'role', a_role, 'by', owner), at);
END $$;

-- Takes an open invitation back.
CREATE FUNCTION partners.take_back_invitation(token bytea, of_organisation uuid, invitation uuid, at timestamptz)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    owner uuid := partners.owner_of_session(token, of_organisation, at);
BEGIN
    UPDATE partners.invitation i SET ended_at = at
        WHERE i.id = invitation AND i.organisation_id = of_organisation AND i.ended_at IS NULL;
    IF NOT FOUND THEN PERFORM partners.refuse('PM007', 'no such invitation'); END IF;
    PERFORM partners.audit_member(of_organisation, 'uninvite',
        jsonb_build_object('invitation', invitation, 'by', owner), at);
END $$;

-- Makes the customer of a session a member, by the token of an open invitation of a contact that is the customer's now.
-- Gives the organisation.
CREATE FUNCTION partners.accept_invitation(token bytea, invitation_token bytea, at timestamptz) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    person uuid := partners.customer_of_session(token, at);
    i partners.invitation;
BEGIN
    SELECT v.* INTO i FROM partners.invitation v JOIN partners.organisation o ON o.id = v.organisation_id
        WHERE v.token_digest = sha256(invitation_token) AND o.state <> 'closed';
    PERFORM partners.lock_members(i.organisation_id);
    SELECT v.* INTO i FROM partners.invitation v
        WHERE v.id = i.id AND v.ended_at IS NULL AND v.expires_at > customers.checked_time(at) FOR UPDATE;
    IF NOT FOUND THEN PERFORM partners.refuse('PM007', 'no such invitation'); END IF;
    IF NOT EXISTS (SELECT FROM customers.contact c WHERE c.customer_id = person AND c.replaced_at IS NULL
        AND partners.contact_digest(invitation_token, c.kind, c.value) = i.contact_digest)
    THEN PERFORM partners.refuse('PM008', 'of another contact'); END IF;
    INSERT INTO partners.member (organisation_id, customer_id, role, added_at)
        VALUES (i.organisation_id, person, i.role, at) ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN PERFORM partners.refuse('PM009', 'a member already'); END IF;
    UPDATE partners.invitation v SET ended_at = at WHERE v.id = i.id;
    PERFORM partners.audit_member(i.organisation_id, 'accept',
        jsonb_build_object('invitation', i.id, 'member', person, 'role', i.role), at);
    RETURN i.organisation_id;
END $$;

-- Gives a member another role; null ends the membership.
CREATE FUNCTION partners.change_member(token bytea, of_organisation uuid, person uuid, a_role text, at timestamptz)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    owner uuid := partners.owner_of_session(token, of_organisation, at);
BEGIN
    IF a_role IS NULL THEN
        DELETE FROM partners.member m WHERE m.organisation_id = of_organisation AND m.customer_id = person;
    ELSE
        UPDATE partners.member m SET role = a_role
            WHERE m.organisation_id = of_organisation AND m.customer_id = person;
    END IF;
    IF NOT FOUND THEN PERFORM partners.refuse('PM005', 'no such member'); END IF;
    PERFORM partners.keep_owner(of_organisation);
    PERFORM partners.audit_member(of_organisation, CASE WHEN a_role IS NULL THEN 'end' ELSE 'role' END,
        jsonb_strip_nulls(jsonb_build_object('member', person, 'role', a_role, 'by', owner)), at);
END $$;

-- Ends the membership of the one whose session this is.
CREATE FUNCTION partners.leave_organisation(token bytea, of_organisation uuid, at timestamptz)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    person uuid := partners.customer_of_session(token, at);
BEGIN
    PERFORM partners.lock_members(of_organisation);
    DELETE FROM partners.member m WHERE m.organisation_id = of_organisation AND m.customer_id = person;
    IF NOT FOUND THEN PERFORM partners.refuse('PM005', 'no such member'); END IF;
    PERFORM partners.keep_owner(of_organisation);
    PERFORM partners.audit_member(of_organisation, 'leave', jsonb_build_object('member', person), at);
END $$;

REVOKE ALL ON FUNCTION partners.lock_members, partners.owner_of_session, partners.customer_of_session,
    partners.keep_owner, partners.audit_member, partners.contact_digest, partners.invite,
    partners.take_back_invitation, partners.accept_invitation, partners.change_member, partners.leave_organisation
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION partners.invite, partners.take_back_invitation, partners.accept_invitation,
    partners.change_member, partners.leave_organisation TO meterai_site;
GRANT SELECT (id, organisation_id, role, token_digest, masked, invited_at, expires_at, ended_at) ON partners.invitation
    TO meterai_site;
GRANT SELECT, DELETE ON partners.invitation TO meterai_worker;
GRANT SELECT ON partners.invitation TO meterai_operator, meterai_reader;
