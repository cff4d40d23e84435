"""Damage that a repair can heal: by parity, or by the other copies of a small object."""

# Parity makes up for any two blocks of a MiB: for all of a pack that is not larger.
MOST_HEALED_BYTES = 2 << 20


def overwrite(random, path):
    """Up to 4 KiB somewhere in the file become something else."""
    with open(path, "r+b") as file:
        size = file.seek(0, 2)
        start = random.randrange(size)
        file.seek(start)
        before = file.read(4096)
        file.seek(start)
        file.write(bytes(byte ^ 0x5A for byte in before))


def truncate(random, path):
    with open(path, "r+b") as file:
        file.truncate(random.randrange(path.stat().st_size))


def remove(_, path):
    path.unlink()


WAYS = (overwrite, truncate, remove)


def plant(random, store):
    """Damages one pack or its parity, and sometimes a copy of a key slot or the configuration.

    Tells what was done.
    """
    pack = random.choice(sorted(store.glob("pack/*/*/*")))
    parity = store / "par" / pack.name
    if not parity.exists():
        return []
    chosen = [random.choice((pack, parity))]
    if random.random() < 0.3:
        chosen.append(random.choice(sorted([*store.glob("conf/*"), *store.glob("keys/*.2")])))
    told = []
    for path in chosen:
        way = random.choice(WAYS if path.stat().st_size <= MOST_HEALED_BYTES else [overwrite])
        way(random, path)
        told.append(f"{way.__name__} {path.relative_to(store)}")
    return told
