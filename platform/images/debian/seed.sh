# Installs the packages in /mnt/debs into a root file system that has their files and nothing else, in the order of
# debootstrap, and brings them up to date. Run in a container.
set -eu
. /mnt/apt.sh
[ -e /usr/bin/awk ] || ln -s mawk /usr/bin/awk
# dpkg takes itself for installed, and is replaced like any other package.
printf 'Package: dpkg\nVersion: 0\nMaintainer: none\nStatus: install ok installed\n\n' >/var/lib/dpkg/status
for name in base-passwd base-files dpkg libc6 perl-base mawk debconf; do
  [ "$name" != mawk ] || rm -f /usr/bin/awk
  dpkg --force-depends --force-confold --install /mnt/debs/"$name".deb
done
dpkg --force-depends --force-confold --unpack /mnt/debs/*.deb
dpkg --force-confold --configure --pending
apt_get update
apt_get -y dist-upgrade
clean_up
dpkg --audit
