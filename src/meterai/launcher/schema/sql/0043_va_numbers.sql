-- Who paid a virtual account and has lost the page knows only its number.
CREATE INDEX payment_by_va_number ON sales.payment (va_number) WHERE va_number IS NOT NULL;
