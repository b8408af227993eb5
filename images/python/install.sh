#!/bin/sh
# install.sh <folder> <layer>: installs the packages of a folder's lock, in its wheels/, into <layer>/opt/python, which is
# then copied to /opt/python. The first run makes the environment; the next add to it without touching its layer.
set -eu
folder=$1 layer=$2
prefix=$layer/opt/python
mkdir -p "$layer/opt"
if [ ! -e /opt/python ]; then
  python3 -m venv /opt/python
  mv /opt/python "$prefix"
  ln -s "$prefix" /opt/python
fi
/opt/python/bin/pip install --prefix "$prefix" --no-index --find-links "$folder/wheels" --no-deps --require-hashes \
  --no-build-isolation --no-cache-dir --no-compile --disable-pip-version-check --quiet --root-user-action ignore \
  --no-warn-script-location -r "$folder/pypi.lock.txt"

cd "$prefix/lib/python3.11/site-packages"
# Test suites, headers and Arrow's network server: nothing of ours runs them.
rm -rf pandas/tests pyarrow/tests pyarrow/include matplotlib/tests mpl_toolkits/*/tests
rm -rf pyarrow/libarrow_flight.so* pyarrow/libarrow_python_flight.so* pyarrow/_flight.*
find . -name '*.pyi' -not -path './jedi/*' -delete
find . -name __pycache__ -prune -exec rm -rf {} +

# The files never change in a container, so Python need not compare them with their byte code at each import. A fixed
# seed and fixed times make the same layer, to the byte, in every image and on every machine.
PYTHONHASHSEED=0 /opt/python/bin/python -B -m compileall -q -j 0 -s "$prefix" -p /opt/python \
  -x 'site-packages/(pip|setuptools|pkg_resources|_distutils_hack)/' --invalidation-mode unchecked-hash "$prefix/lib"
find "$layer" -exec touch -h -d @946684800 {} +
