"""The cost of a stamp, beside pyHanko, PDFBox and the limit."""
