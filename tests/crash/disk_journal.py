"""What a power loss leaves of a folder: reads the notes of disk_journal.cpp and takes away, at
random, what was not on the disk for good.

The rules are those of a file system that keeps no promise but the written ones: bytes of a file are
there when fsync() of it returned, and names in a folder when fsync() of the folder did. What came
after that may be there, in part, or as zeros or garbage; a name that was removed or replaced may be
there again.
"""

import os
import pathlib
import shutil


class Names(dict):
    """Entries of one folder: name -> inode."""


def names_in(folder):
    return Names((entry.name, entry.inode()) for entry in os.scandir(folder))


def folders_below(top):
    """`top` and the folders below it, parents first."""
    yield top
    for entry in sorted(os.scandir(top), key=lambda e: e.name):
        if entry.is_dir(follow_symlinks=False):
            yield from folders_below(pathlib.Path(entry.path))


class DiskJournal:
    """The notes about one folder, over the life of one process."""

    def __init__(self, library, folder, place):
        """`place`: a folder on the same file system for the notes and for what is removed."""
        self.library, self.folder, self.place = str(library), pathlib.Path(folder), place
        place.mkdir(exist_ok=True)
        self.notes, self.grave = place / "notes", place / "grave"

    def begin(self):
        """What is there now is on the disk for good. The environment of the process to watch."""
        shutil.rmtree(self.grave, ignore_errors=True)
        self.grave.mkdir()
        self.notes.unlink(missing_ok=True)
        self.sizes, self.names = {}, {}
        for folder in folders_below(self.folder) if self.folder.exists() else ():
            self.names[str(folder)] = names_in(folder)
            for entry in os.scandir(folder):
                if entry.is_file(follow_symlinks=False):
                    self.sizes[entry.inode()] = entry.stat().st_size
        return {"LD_PRELOAD": self.library, "DISK_JOURNAL": str(self.notes),
                "DISK_JOURNAL_DIR": str(self.folder), "DISK_JOURNAL_GRAVE": str(self.grave)}

    def read(self):
        """Takes the notes in. The number of changes if the process ended itself at one."""
        killed_at = None
        lines = self.notes.read_text().splitlines() if self.notes.exists() else []
        for line in lines:
            kind, *words = line.split(" ")
            if kind == "S":
                self.sizes[int(words[0])] = int(words[1])
            elif kind == "D":
                pairs = (word.split("/", 1) for word in words[1:])
                self.names[words[0]] = Names((name, int(inode)) for inode, name in pairs)
            else:
                killed_at = int(words[0])
        return killed_at

    def lose_power(self, rng):
        """Leaves of the folder what may be left. What was done, in words."""
        self.read()
        cut, gone, back = 0, 0, 0
        paths = {entry.inode(): entry.path
                 for folder in folders_below(self.folder) for entry in os.scandir(folder)
                 if entry.is_file(follow_symlinks=False)}
        # A folder at a time forgets, or keeps, what was not made durable of its names.
        for folder in [f for f in folders_below(self.folder) if rng.random() < 0.7]:
            # Renamed meanwhile: its entries were not changed by that.
            if not folder.exists():
                continue
            durable = self.names.get(str(folder))
            if durable is None:
                continue
            now = names_in(folder)
            for name in set(durable) | set(now):
                if durable.get(name) == now.get(name):
                    continue
                place = folder / name
                source = paths.get(durable.get(name), self.grave / str(durable.get(name)))
                if name in now:
                    if place.is_dir():
                        continue  # kept: a folder that is new is judged by what is in it
                    os.rename(place, self.grave / f"{now[name]}.lost")
                    if str(source) == str(place):
                        source = self.grave / f"{now[name]}.lost"
                    paths[now[name]] = str(self.grave / f"{now[name]}.lost")
                    gone += 1
                if name in durable and os.path.isfile(source):
                    os.link(source, place)
                    back += 1
        for folder in folders_below(self.folder):
            for entry in os.scandir(folder):
                if entry.is_file(follow_symlinks=False):
                    cut += self._cut(entry, rng)
        return f"{cut} files cut, {gone} names gone, {back} back"

    def _cut(self, entry, rng):
        """Takes bytes away that were not on the disk for good. 1 if it did."""
        size, durable = entry.stat().st_size, self.sizes.get(entry.inode(), 0)
        if size <= durable:
            return 0
        left = rng.choice((durable, rng.randint(durable, size), size))
        rubbish = rng.choice((b"", b"\0", None))
        with open(entry.path, "r+b") as file:
            file.truncate(left)
            if rubbish != b"" and left > durable:
                begin = rng.randint(durable, left)
                file.seek(begin)
                count = left - begin
                file.write(rng.randbytes(count) if rubbish is None else rubbish * count)
            file.flush()
        return 1
