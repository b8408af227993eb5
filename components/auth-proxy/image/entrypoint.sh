#!/bin/sh
# Writes down what only the pod knows, the name server and who may log in, and becomes nginx.
set -eu
umask 077
settings=${SETTINGS:-/etc/auth-proxy/nginx.conf}
people=${PEOPLE:-/run/secrets/millrace/people}
resolv_conf=${RESOLV_CONF:-/etc/resolv.conf}
work=${WORK:-/tmp/auth-proxy}
mkdir -p "$work"

name_server=$(awk '$1 == "nameserver" { print index($2, ":") ? "[" $2 "]" : $2; exit }' "$resolv_conf")
# nginx asks for whole names only: the cluster's domain is in the list of those to try.
domain=$(awk '$1 == "search" { for (i = 2; i <= NF; i++) if ($i ~ /^svc\./) { print substr($i, 5); exit } }' "$resolv_conf")
if [ -z "$name_server" ]; then
  echo "$resolv_conf names no server; without one no page is found" >&2
  exit 1
fi

: > "$work/people"
for file in "$people"/*; do
  if [ ! -s "$file" ]; then
    echo "$file is missing or empty, so nobody could log in" >&2
    exit 1
  fi
  printf '%s:{PLAIN}%s\n' "$(basename "$file")" "$(cat "$file")" >> "$work/people"
done
sed -e "s|@NAME_SERVER@|$name_server|" -e "s|@DOMAIN@|${domain:-cluster.local}|" -e "s|@WORK@|$work|" "$settings" > "$work/nginx.conf"
exec nginx -e stderr -c "$work/nginx.conf" -g "daemon off;"
