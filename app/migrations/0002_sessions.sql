-- Who is signed in, and who tried to: the second is what the login's rate limit counts.

CREATE TABLE sessions (
  token_sha256 bytea PRIMARY KEY CHECK (length(token_sha256) = 32),
  user_id      bigint NOT NULL REFERENCES users ON DELETE CASCADE,
  created_at   timestamptz NOT NULL DEFAULT now(),
  expires_at   timestamptz NOT NULL CHECK (expires_at > created_at)
);
CREATE INDEX sessions_user_id_idx ON sessions (user_id);
CREATE INDEX sessions_expires_at_idx ON sessions (expires_at);

CREATE TABLE login_events (
  id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  email   text NOT NULL,
  user_id bigint REFERENCES users ON DELETE SET NULL,
  outcome text NOT NULL CHECK (outcome IN ('ok', 'failed', 'refused')),
  at      timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX login_events_email_at_idx ON login_events (lower(email), at);
CREATE INDEX login_events_user_id_idx ON login_events (user_id);
