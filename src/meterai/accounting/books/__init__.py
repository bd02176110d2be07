"""The books in the forms that accountants take: a journal, and service fee and VAT by month."""
