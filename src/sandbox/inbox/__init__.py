"""A twin of people's phones and mailboxes: takes e-mail over SMTP and WhatsApp over HTTP, and shows both."""
