# SPDX-License-Identifier: Apache-2.0
"""The cache folder shared with tools/setup, and files in it named after what they are made of."""

import hashlib
import os
import pathlib
import shutil
import tempfile

# Old versions of a cached file that are kept, so that two checkouts do not evict each other.
KEPT_VERSIONS = 4


def folder():
    """The same choice as tools/setup makes."""
    chosen = os.environ.get("SISKIN_CACHE")
    if chosen:
        return pathlib.Path(chosen)
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return pathlib.Path(base) / "siskin"


def key_of(*parts):
    """A name for an artefact, from the contents of files (Path) and from text (str)."""
    digest = hashlib.sha256()
    for part in parts:
        if isinstance(part, pathlib.Path):
            digest.update(b"file\0" + hashlib.sha256(part.read_bytes()).digest())
        else:
            digest.update(b"text\0" + hashlib.sha256(str(part).encode()).digest())
    return digest.hexdigest()[:20]


def made(name, suffix, key, make):
    """The path of NAME-KEY.SUFFIX; make(path) is called when it is not there yet."""
    home = folder() / "nested"
    home.mkdir(parents=True, exist_ok=True)
    path = home / f"{name}-{key}{suffix}"
    if path.exists():
        os.utime(path)
        return path
    work = pathlib.Path(tempfile.mkdtemp(prefix=".new.", dir=home))
    try:
        make(work / "file")
        os.replace(work / "file", path)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    versions = sorted(home.glob(f"{name}-*{suffix}"), key=lambda p: p.stat().st_mtime)
    for old in versions[:-KEPT_VERSIONS]:
        old.unlink(missing_ok=True)
    return path
