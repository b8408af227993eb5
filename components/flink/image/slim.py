"""Copies a jar without what its system never loads: native code of others, and the state store ForSt, an experiment that
nobody here can choose."""

import re
import sys
import zipfile

NATIVE = re.compile(r"\.(so|dll|jnilib|dylib)$")
OURS = re.compile(r"(librocksdbjni-linux64\.so|/linux[/-]x86_64/|_linux_x86_64|/Linux/x86_64/|/linux/amd64/)")


def is_used(name: str) -> bool:
    return not NATIVE.search(name) or OURS.search(name) is not None


source, target = sys.argv[1:]
with zipfile.ZipFile(source) as jar, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as slim:
    kept = [entry for entry in jar.infolist() if is_used(entry.filename)]
    if not any(entry.filename == "librocksdbjni-linux64.so" for entry in kept):
        sys.exit(f"slim.py: {source} has no librocksdbjni-linux64.so")
    for entry in kept:
        slim.writestr(entry, jar.read(entry))
