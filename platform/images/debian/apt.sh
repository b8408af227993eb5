# For scripts in a container: apt with the settings in /mnt, where it also keeps its lists and downloads.
export DEBIAN_FRONTEND=noninteractive LC_ALL=C APT_CONFIG=/mnt/apt.conf
mkdir -p /mnt/lists/partial /mnt/cache/archives/partial
printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
chmod +x /usr/sbin/policy-rc.d

apt_get() { apt-get -o Dpkg::Use-Pty=0 "$@"; }

clean_up() {
  rm -rf /usr/sbin/policy-rc.d /var/log/apt /var/log/dpkg.log /var/log/alternatives.log /var/log/bootstrap.log
  rm -rf /var/cache/ldconfig/aux-cache /var/cache/debconf/*-old /var/lib/dpkg/*-old /tmp/*
}
