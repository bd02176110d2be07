-- Names of events and agencies on English pages; empty: as in Indonesian.
ALTER TABLE sales.event
    ADD COLUMN name_en text NOT NULL DEFAULT '',
    ADD COLUMN agency_en text NOT NULL DEFAULT '';
