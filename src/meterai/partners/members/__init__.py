"""Members of an organisation as its owners keep them on the site: invitations, roles, ends."""
