#!/bin/bash
# Compiles the platform's own processors and packs the two archives that NiFi loads. Debian's JRE has the module of jar, though not its
# command; its compiler reads no classes of Java 21, so Eclipse's does it.
set -euo pipefail
cd /build
version=$(basename lib/nifi-framework-nar-*.nar .nar)
version=${version#nifi-framework-nar-}

archive() { # name, folder, parent
  printf '%s\n' "Nar-Id: $1" "Nar-Group: org.apache.nifi" "Nar-Version: $version" \
    "Nar-Dependency-Group: org.apache.nifi" "Nar-Dependency-Id: $3" "Nar-Dependency-Version: $version" > manifest
  java --module jdk.jartool/sun.tools.jar.Main --create --no-compress --date 2025-01-01T00:00:00Z \
    --file "archives/$1-$version.nar" --manifest manifest -C "$2" .
}

mkdir archives
archive nifi-standard-nar standard nifi-standard-shared-nar

mkdir parents
for nar in lib/nifi-standard-{shared,services-api}-nar-*.nar; do
  (cd parents && python3 -m zipfile -e "../$nar" .)
done
jars=$(echo {lib,{standard,own,parents}/META-INF/bundled-dependencies}/*.jar | tr ' ' ':')
compile() { # sources, folder of the classes, class path
  java -jar compiler/ecj-*.jar --release 21 -encoding UTF-8 -d "$2" -classpath "$3" "$1"
}
compile java classes "$jars"
# An image whose processors fail their tests is not built.
compile tests tested "classes:$jars"
/opt/java/bin/java -ea -classpath "tested:classes:$jars" millrace.nifi.Tests cases/telemetry.v1.json
java --module jdk.jartool/sun.tools.jar.Main --create --date 2025-01-01T00:00:00Z \
  --file own/META-INF/bundled-dependencies/millrace-nifi.jar -C classes .
archive millrace-nifi-nar own nifi-standard-nar
