-- At most one row: which seed this database was filled with. Without it the seed refuses a table that has users.

CREATE TABLE seed_mark (
  only_row  boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  version   text NOT NULL,
  seeded_at timestamptz NOT NULL DEFAULT now()
);
