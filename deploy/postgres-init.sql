-- Roles and database of Kumun on a server of one's own (PostgreSQL 15 or later), run once by psql as a superuser:
--   KUMUN_APP_PASSWORD=… KUMUN_PLATEFORME_PASSWORD=… KUMUN_PROPRIETAIRE_PASSWORD=… psql -f deploy/postgres-init.sql
-- Running it again changes nothing but the passwords. The same three roles as app/socle/roles.py (a test compares).
\set ON_ERROR_STOP on
\getenv mot_de_passe_app KUMUN_APP_PASSWORD
\getenv mot_de_passe_plateforme KUMUN_PLATEFORME_PASSWORD
\getenv mot_de_passe_proprietaire KUMUN_PROPRIETAIRE_PASSWORD

SELECT format('CREATE ROLE %I LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION', role)
FROM unnest(ARRAY['kumun_proprietaire', 'kumun_app', 'kumun_plateforme']) AS role
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) \gexec

ALTER ROLE kumun_proprietaire PASSWORD :'mot_de_passe_proprietaire';
ALTER ROLE kumun_app PASSWORD :'mot_de_passe_app';
ALTER ROLE kumun_plateforme PASSWORD :'mot_de_passe_plateforme';

-- Letters follow the server's own rules where it has no built-in ones (before 17): then it must be a UTF-8 locale.
SELECT 'CREATE DATABASE kumun OWNER kumun_proprietaire TEMPLATE template0 ENCODING ''UTF8'''
  || CASE WHEN current_setting('server_version_num')::int >= 170000
       THEN ' LOCALE_PROVIDER builtin BUILTIN_LOCALE ''C.UTF-8'' LC_COLLATE ''C'' LC_CTYPE ''C'''
       ELSE ' LC_COLLATE ''C.UTF-8'' LC_CTYPE ''C.UTF-8''' END
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'kumun') \gexec

REVOKE ALL ON DATABASE kumun FROM PUBLIC;
GRANT ALL ON DATABASE kumun TO kumun_proprietaire;
GRANT CONNECT ON DATABASE kumun TO kumun_app;
GRANT CONNECT, TEMPORARY ON DATABASE kumun TO kumun_plateforme;
