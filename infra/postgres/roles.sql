-- The database of one service and its three roles, for a server of your own; run it as a superuser, as often as you like:
--
--   OWNER_PASSWORD=… API_PASSWORD=… WORKER_PASSWORD=… psql -v service=billing -f roles.sql
--
-- `<service>_owner` runs the migrations, which say what the other two may do to each table: `<service>_api` sees one
-- tenant at a time, `<service>_worker` relays, consumes and fires timers for all. Nobody else gets in.
\set ON_ERROR_STOP on
\getenv owner_password OWNER_PASSWORD
\getenv api_password API_PASSWORD
\getenv worker_password WORKER_PASSWORD
select :'service' || '_owner' as owner, :'service' || '_api' as api, :'service' || '_worker' as worker \gset

-- Statements with a password in them stay out of the server's log, also when they fail.
set log_statement = 'none';
set log_min_error_statement = 'panic';
set log_min_duration_statement = -1;
select format('create role %I', name) from unnest(array[:'owner', :'api', :'worker']) as name
 where not exists (select 1 from pg_roles where rolname = name) \gexec
alter role :"owner" login nosuperuser nocreatedb nocreaterole nobypassrls password :'owner_password';
alter role :"api" login nosuperuser nocreatedb nocreaterole nobypassrls password :'api_password';
alter role :"worker" login nosuperuser nocreatedb nocreaterole nobypassrls password :'worker_password';
reset log_statement;
reset log_min_error_statement;
reset log_min_duration_statement;

select format('create database %I owner %I', :'service', :'owner')
 where not exists (select 1 from pg_database where datname = :'service') \gexec
revoke all on database :"service" from public;
grant connect on database :"service" to :"api", :"worker";

\connect :"service"
alter schema public owner to :"owner";
grant usage on schema public to :"api", :"worker";
