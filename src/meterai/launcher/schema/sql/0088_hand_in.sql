-- Where people hand in the stamped documents of an event: {"name_id": ..., "name_en": ..., "address": ...}.
ALTER TABLE sales.event ADD COLUMN hand_in jsonb;
