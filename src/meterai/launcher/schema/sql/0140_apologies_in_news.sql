-- Whoever reads the news of now reads which apologies are new.
GRANT SELECT ON news.apology TO meterai_controller;
