# Takes away what the image never uses. Usage: customize.sh <root of the file system>
set -eu
root=${1%/}
# The compiler of queries (switched off by jit=off) is two fifths of the whole.
rm -rf "$root"/usr/lib/*/libLLVM-* "$root"/usr/lib/postgresql/15/lib/llvmjit* "$root"/usr/lib/postgresql/15/lib/bitcode
# The database that Debian makes when the server is installed, and the private key that every copy of the image would share.
rm -rf "$root"/var/lib/postgresql/15 "$root"/etc/postgresql/15 "$root"/var/log/postgresql
rm -f "$root"/etc/ssl/private/ssl-cert-snakeoil.key "$root"/etc/ssl/certs/ssl-cert-snakeoil.pem
