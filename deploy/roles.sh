#!/bin/sh
# Run once by the database container on its first start: the logins of the processes, each with its own password.
set -eu
for role in agent operator executor sealer; do
    upper=$(echo "$role" | tr '[:lower:]' '[:upper:]')
    eval "password=\$QUARTERMASTER_${upper}_PASSWORD"
    psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" \
        --set name="quartermaster_$role" --set password="$password" <<'SQL'
CREATE ROLE :"name" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD :'password';
SQL
done
