#!/bin/sh
# Removes from a virtual environment what nothing of ours runs: test suites, headers, Arrow's network server.
set -eu
cd "$1/lib/python3.11/site-packages"
rm -rf pandas/tests pyarrow/tests pyarrow/include matplotlib/tests mpl_toolkits/*/tests
rm -rf pyarrow/libarrow_flight.so* pyarrow/libarrow_python_flight.so* pyarrow/_flight.*
find . -name '*.pyi' -not -path './jedi/*' -delete
