-- A database that is out to break whoever compares it: names of markup, quotes and newlines, columns called like aliases.
CREATE ROLE app_owner NOLOGIN;
CREATE ROLE app LOGIN CONNECTION LIMIT 5;
CREATE ROLE "<script>alert('role')</script>" LOGIN;
GRANT app TO "<script>alert('role')</script>";
CREATE TABLE users (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL CHECK (name <> ''), born date);
INSERT INTO users (name, born) SELECT 'user ' || n, date '2000-01-01' + n FROM generate_series(1, 20000) n;
CREATE TABLE "<img src=x onerror=alert(1)>
'quoted' ""and"" new\line" ("r.*" int, r text, "R" numeric);
INSERT INTO "<img src=x onerror=alert(1)>
'quoted' ""and"" new\line" VALUES (1, 'one', 0.1), (2, NULL, 'NaN'), (2, NULL, 'NaN');
CREATE SCHEMA other AUTHORIZATION app_owner;
CREATE TABLE other.events (id serial PRIMARY KEY, at timestamptz, took interval, data jsonb, raw bytea);
INSERT INTO other.events (at, took, data, raw)
  SELECT timestamptz '2026-01-01 00:00Z' + n * interval '1 hour', n * interval '1 second', jsonb_build_object('n', n), decode(md5(n::text), 'hex')
  FROM generate_series(1, 500) n;
CREATE TABLE other.empty (a int);
CREATE SEQUENCE other.down INCREMENT -1;
SELECT nextval('other.down'), nextval('other.down');
GRANT USAGE ON SCHEMA other TO app;
GRANT SELECT, INSERT ON users, other.events TO app;
GRANT SELECT (name) ON users TO "<script>alert('role')</script>";
CREATE EXTENSION pgcrypto;
