-- People of the directory, and the picture each may have on the avatar volume.

CREATE TABLE users (
  id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  email         text NOT NULL CHECK (length(email) BETWEEN 3 AND 254 AND position('@' IN email) > 1),
  name          text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  password_hash text NOT NULL CHECK (password_hash LIKE 'scrypt$%'),
  created_at    timestamptz NOT NULL DEFAULT now(),
  updated_at    timestamptz NOT NULL DEFAULT now() CHECK (updated_at >= created_at)
);

-- Stored as typed, unique whatever the case.
CREATE UNIQUE INDEX users_email_key ON users (lower(email));

CREATE TABLE avatars (
  user_id    bigint PRIMARY KEY REFERENCES users ON DELETE CASCADE,
  file       text NOT NULL UNIQUE CHECK (file ~ '^[0-9]+-[0-9a-f]{16}\.png$'),
  sha256     bytea NOT NULL CHECK (length(sha256) = 32),
  bytes      integer NOT NULL CHECK (bytes > 0),
  updated_at timestamptz NOT NULL DEFAULT now()
);
