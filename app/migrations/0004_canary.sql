-- Signs of life, numbered and chained, that a drill looks for in what came back. Written by `heartbeat` alone, and by
-- nobody changed: the role app may only add to them.

CREATE TABLE canary (
  number  bigint PRIMARY KEY CHECK (number > 0),
  written timestamptz NOT NULL,
  hash    text NOT NULL CHECK (hash ~ '^[0-9a-f]{64}$')
);
