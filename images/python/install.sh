#!/bin/sh
# install.sh <folder> <prefix>: installs the packages of a folder's lock, in its wheels/, for the environment /opt/python.
# Those of one image go to a prefix of their own, which is then copied over the environment.
set -eu
folder=$1 prefix=$2
[ -d /opt/python ] || python3 -m venv /opt/python
/opt/python/bin/pip install --prefix "$prefix" --no-index --find-links "$folder/wheels" --no-deps --require-hashes \
  --no-build-isolation --no-cache-dir --no-compile --disable-pip-version-check --quiet --root-user-action ignore \
  --no-warn-script-location -r "$folder/pypi.lock.txt"

cd "$prefix/lib/python3.11/site-packages"
# Test suites, headers and Arrow's network server: nothing of ours runs them.
rm -rf pandas/tests pyarrow/tests pyarrow/include matplotlib/tests mpl_toolkits/*/tests
rm -rf pyarrow/libarrow_flight.so* pyarrow/libarrow_python_flight.so* pyarrow/_flight.*
find . -name '*.pyi' -not -path './jedi/*' -delete

# The files never change in a container, so Python need not compare them with their byte code at each import. A fixed
# seed and fixed times make the same layer on every machine and in every image.
PYTHONHASHSEED=0 /opt/python/bin/python -m compileall -q -j 0 -s "$prefix" -p /opt/python \
  -x 'site-packages/(pip|setuptools|pkg_resources)/' --invalidation-mode unchecked-hash "$prefix/lib"
find "$prefix" -exec touch -h -d @946684800 {} +
