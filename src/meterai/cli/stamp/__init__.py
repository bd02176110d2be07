"""`meterai stamp`: many documents from a customer's quota."""
