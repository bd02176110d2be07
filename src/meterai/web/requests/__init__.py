"""What every request of the site passes through: middleware, forms, cookies, CSRF, refusals."""
