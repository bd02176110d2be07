-- The visible stamp says Rp10.000 in figures and in words (meterai/stamping/stamp_face/visible_stamp.py). Nobody pays a
-- tariff that the stamp does not show: the release that draws a new one takes this constraint away.
ALTER TABLE sales.tariff ADD CONSTRAINT tariff_is_drawn CHECK (face_value = 10000);
