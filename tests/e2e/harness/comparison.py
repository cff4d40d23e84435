"""Comparing: what differs is named, item by item."""


class Mismatch(Exception):
    """Something is not as it must be. The message says what."""


def expect(condition, message):
    if not condition:
        raise Mismatch(message)


def describe(placed, limit=10):
    lines = [
        f"  {count} x {sha256[:16]}... in {folder!r}"
        for (folder, sha256), count in sorted(placed.items())
    ]
    if len(lines) > limit:
        lines[limit:] = [f"  ... and {len(lines) - limit} more"]
    return "\n".join(lines)


def compare_placed(what, expected, seen):
    """Both are Counters of (folder path, SHA-256). Nothing may be missing, nothing extra."""
    missing, extra = expected - seen, seen - expected
    if not missing and not extra:
        return
    parts = [f"{what}: {missing.total()} missing, {extra.total()} extra of {expected.total()}"]
    if missing:
        parts += ["missing:", describe(missing)]
    if extra:
        parts += ["extra:", describe(extra)]
    raise Mismatch("\n".join(parts))
