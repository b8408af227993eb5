# install.sh <package...>: adds packages to an image; /mnt/shown tells what it has then. Run in a container.
set -eu
. /mnt/apt.sh
apt_get update
apt_get -y --no-install-recommends install "$@"
apt-cache show --no-all-versions $(dpkg-query -W -f '${Package}=${Version} ') >/mnt/shown
if [ -e /mnt/customize.sh ]; then sh /mnt/customize.sh /; fi
clean_up
