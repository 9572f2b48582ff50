"""API Utilisateurs: a small directory of people, with something to lose in a database and on a volume."""
