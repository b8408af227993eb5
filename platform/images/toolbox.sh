# Read before the script of a tool chain: downloads that no variable names go to the volume, and what only the host trusts is
# trusted here. Java has a list of its own.
mkdir -p /cache/m2 /cache/cargo-registry "$HOME/.m2" "$HOME/.cargo"
ln -s /cache/m2 "$HOME/.m2/repository"
ln -s /cache/cargo-registry "$HOME/.cargo/registry"
PATH=/usr/lib/go-1.26/bin:$PATH
bundle=/etc/ssl/certs/ca-certificates.crt
awk '/BEGIN CERT/ { one = "" } { one = one $0 "\n" } /END CERT/ {
  if (FILENAME == ARGV[1]) known[one] = 1
  else if (!(one in known)) { file = "/host/ca-" ++count ".pem"; printf "%s", one > file; close(file) }
}' "$bundle" /host/ca.pem
for file in /host/ca-*.pem; do
  [ -e "$file" ] || continue
  cat "$file" >>"$bundle"
  [ ! -e /etc/ssl/certs/java/cacerts ] || keytool -importcert -noprompt -storepass changeit \
    -keystore /etc/ssl/certs/java/cacerts -alias "${file##*/}" -file "$file" >/dev/null
done
