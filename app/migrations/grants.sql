-- Run again by every migrate, so that a grant taken away by hand comes back.
-- The role app reads and writes rows, nothing else.

GRANT USAGE ON SCHEMA public TO app;
GRANT SELECT, INSERT, UPDATE, DELETE ON users, avatars, sessions TO app;
GRANT SELECT, INSERT, UPDATE ON login_events TO app;
GRANT SELECT, INSERT ON canary TO app;
GRANT SELECT ON schema_migrations, seed_mark TO app;
