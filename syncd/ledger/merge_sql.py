"""The statements of the merge, in the order they run; `CROSS JOIN` fixes the loop order in SQLite.

`keyed` holds the staged rows by key, `repeated` the keys that stand in several rows, `held` the
positions a reject covers, `gone` the positions a full reading lacks, `moved` every position that differs.
"""

# ruff: noqa: S608 - statements are put together from constants and question marks only

_VALUES = "state, quantity, committed, price, currency, cost, counted_at"
_IN_SOURCE = "location_id IN (SELECT id FROM location WHERE source_id = :source)"
_SOURCED = "WHERE true ON CONFLICT (sku) DO UPDATE SET sourced = 1 WHERE NOT sourced"

TEMPORARY = (
    (
        "CREATE TEMP TABLE IF NOT EXISTS keyed (location_id INTEGER, item_id INTEGER, line INTEGER, "
        "state TEXT, quantity INTEGER, committed INTEGER, price TEXT, currency TEXT, cost TEXT, "
        "counted_at INTEGER, note TEXT, hash INTEGER, PRIMARY KEY (location_id, item_id)) WITHOUT ROWID"
    ),
    (
        "CREATE TEMP TABLE IF NOT EXISTS repeated (location_id INTEGER, item_id INTEGER, "
        "PRIMARY KEY (location_id, item_id)) WITHOUT ROWID"
    ),
    (
        "CREATE TEMP TABLE IF NOT EXISTS held (location_id INTEGER, item_id INTEGER, reason TEXT, "
        "line INTEGER, PRIMARY KEY (location_id, item_id)) WITHOUT ROWID"
    ),
    (
        "CREATE TEMP TABLE IF NOT EXISTS gone (location_id INTEGER, item_id INTEGER, "
        "PRIMARY KEY (location_id, item_id)) WITHOUT ROWID"
    ),
    (
        "CREATE TEMP TABLE IF NOT EXISTS moved (item_id INTEGER, location_id INTEGER, fresh INTEGER, "
        "PRIMARY KEY (item_id, location_id)) WITHOUT ROWID"
    ),
)

IDENTIFY = (
    f"INSERT INTO item (sku, sourced) SELECT sku, 1 FROM temp.staged {_SOURCED}",
    (
        "INSERT OR IGNORE INTO location (source_id, name) "
        "SELECT DISTINCT :source, location FROM temp.staged"
    ),
    # the first row of a key stays, so that an origin names the first line
    (
        "INSERT OR IGNORE INTO temp.keyed "
        "SELECT l.id, i.id, s.line, s.state, s.quantity, s.committed, s.price, s.currency, s.cost, "
        "s.counted_at, s.note, s.hash FROM temp.staged s "
        "CROSS JOIN location l ON l.source_id = :source AND l.name = s.location "
        "CROSS JOIN item i ON i.sku = s.sku ORDER BY s.rowid"
    ),
)

REPEATED_IN_STAGE = (
    "INSERT INTO temp.repeated SELECT l.id, i.id FROM temp.staged s "
    "CROSS JOIN location l ON l.source_id = :source AND l.name = s.location "
    "CROSS JOIN item i ON i.sku = s.sku GROUP BY l.id, i.id HAVING COUNT(*) > 1"
)
# a staged row whose key was already ticked off: its old hash is known and no longer left over
REPEATED_OF_SKIPPED = (
    "INSERT OR IGNORE INTO temp.repeated SELECT k.location_id, k.item_id FROM temp.keyed k "
    "CROSS JOIN position p ON p.location_id = k.location_id AND p.item_id = k.item_id "
    "WHERE p.value_hash IS NOT NULL AND p.missing_since IS NULL "
    "AND NOT EXISTS (SELECT 1 FROM temp.leftover f WHERE f.hash = p.value_hash)"
)
REPEATED_ROWS = (
    "SELECT i.sku AS sku, l.name AS location, GROUP_CONCAT(s.line) AS lines, "
    "MAX(CASE WHEN p.missing_since IS NULL AND NOT EXISTS "
    "(SELECT 1 FROM temp.leftover f WHERE f.hash = p.value_hash) THEN p.value_hash END) AS skipped "
    "FROM temp.staged s CROSS JOIN location l ON l.source_id = :source AND l.name = s.location "
    "CROSS JOIN item i ON i.sku = s.sku "
    "CROSS JOIN temp.repeated r ON r.location_id = l.id AND r.item_id = i.id "
    "LEFT JOIN position p ON p.location_id = l.id AND p.item_id = i.id GROUP BY l.id, i.id"
)

# in a reading of changes one row of a repeated key may come alone; only a full reading can clear it
STILL_REPEATED = (
    "SELECT k.line AS line, i.sku AS sku, l.name AS location, "
    "SUBSTR(p.reason, LENGTH(:rejected) + 1) AS reason FROM temp.keyed k "
    "CROSS JOIN position p ON p.location_id = k.location_id AND p.item_id = k.item_id "
    "CROSS JOIN location l ON l.id = k.location_id CROSS JOIN item i ON i.id = k.item_id "
    "WHERE p.state = 'unknown' AND p.reason LIKE :rejected || :repeated || '%'"
)


def _combine(function: str) -> str:
    return (
        "UPDATE temp.keyed SET quantity = a.quantity, committed = a.committed, state = a.state, "
        "counted_at = a.counted_at FROM (SELECT l.id AS location_id, i.id AS item_id, "
        f"{function}(s.quantity) AS quantity, {function}(s.committed) AS committed, "
        "MIN(s.counted_at) AS counted_at, CASE WHEN SUM(s.state = 'unknown') THEN 'unknown' "
        "WHEN SUM(s.state = 'untracked') THEN 'untracked' ELSE 'known' END AS state "
        "FROM temp.staged s "
        "CROSS JOIN location l ON l.source_id = :source AND l.name = s.location "
        "CROSS JOIN item i ON i.sku = s.sku GROUP BY l.id, i.id HAVING COUNT(*) > 1) AS a "
        "WHERE keyed.location_id = a.location_id AND keyed.item_id = a.item_id"
    )


# one unknown row makes the whole key unknown: the known part of a sum is no quantity
COMBINE_SUM = _combine("SUM")
COMBINE_MIN = _combine("MIN")

HOLD = (
    f"INSERT INTO item (sku, sourced) SELECT sku, 1 FROM temp.refused {_SOURCED}",
    (
        "INSERT OR IGNORE INTO location (source_id, name) "
        "SELECT DISTINCT :source, location FROM temp.refused WHERE location IS NOT NULL"
    ),
    (
        "DELETE FROM temp.keyed WHERE (location_id, item_id) IN (SELECT l.id, i.id FROM temp.refused r "
        "CROSS JOIN item i ON i.sku = r.sku CROSS JOIN location l ON l.source_id = :source "
        "AND (r.location IS NULL OR l.name = r.location))"
    ),
    (
        "INSERT OR IGNORE INTO temp.held SELECT l.id, i.id, :rejected || r.reason, COALESCE(r.line, p.line) "
        "FROM temp.refused r CROSS JOIN item i ON i.sku = r.sku CROSS JOIN location l "
        "ON l.source_id = :source AND (r.location IS NULL OR l.name = r.location) "
        "CROSS JOIN position p ON p.location_id = l.id AND p.item_id = i.id"
    ),
    # a rejected SKU that the source never had there still gets a position, so that it can be held
    (
        "INSERT OR IGNORE INTO location (source_id, name) SELECT :source, :default "
        "WHERE NOT EXISTS (SELECT 1 FROM location WHERE source_id = :source)"
    ),
    (
        "INSERT OR IGNORE INTO temp.held SELECT l.id, i.id, :rejected || r.reason, COALESCE(r.line, 0) "
        "FROM temp.refused r CROSS JOIN item i ON i.sku = r.sku CROSS JOIN location l "
        "ON l.source_id = :source AND CASE WHEN r.location IS NULL "
        "THEN l.id = (SELECT MIN(id) FROM location WHERE source_id = :source) "
        "ELSE l.name = r.location END "
        "WHERE r.location IS NOT NULL OR NOT EXISTS (SELECT 1 FROM temp.held h JOIN location o "
        "ON o.id = h.location_id WHERE h.item_id = i.id)"
    ),
)

# an unknown reading keeps the last known number beside it
KEEP_LAST_KNOWN = (
    "UPDATE temp.keyed SET "
    "quantity = COALESCE(quantity, (SELECT p.quantity FROM position p "
    "WHERE p.location_id = keyed.location_id AND p.item_id = keyed.item_id)), "
    "committed = COALESCE(committed, (SELECT p.committed FROM position p "
    "WHERE p.location_id = keyed.location_id AND p.item_id = keyed.item_id)) "
    "WHERE state = 'unknown'"
)

TICK_OFF = (
    (
        "DELETE FROM temp.leftover WHERE hash IN (SELECT p.value_hash FROM temp.keyed k "
        "CROSS JOIN position p ON p.location_id = k.location_id AND p.item_id = k.item_id)"
    ),
    (
        "DELETE FROM temp.leftover WHERE hash IN (SELECT p.value_hash FROM temp.held h "
        "CROSS JOIN position p ON p.location_id = h.location_id AND p.item_id = h.item_id)"
    ),
)
_UNSAID = (
    "AND missing_since IS NULL "
    "AND NOT EXISTS (SELECT 1 FROM temp.keyed k "
    "WHERE k.location_id = position.location_id AND k.item_id = position.item_id) "
    "AND NOT EXISTS (SELECT 1 FROM temp.held h "
    "WHERE h.location_id = position.location_id AND h.item_id = position.item_id)"
)
GONE_UNHASHED = (
    f"INSERT INTO temp.gone SELECT location_id, item_id FROM position "
    f"INDEXED BY position_unhashed WHERE {_IN_SOURCE} AND value_hash IS NULL {_UNSAID}"
)
GONE = (
    f"INSERT OR IGNORE INTO temp.gone SELECT location_id, item_id FROM position WHERE {_IN_SOURCE} "
    f"AND value_hash IN (SELECT hash FROM temp.leftover) {_UNSAID}"
)

_OLD = "position p ON p.location_id = k.location_id AND p.item_id = k.item_id"
COMPARE = (
    "INSERT INTO temp.moved SELECT k.item_id, k.location_id, p.item_id IS NULL FROM temp.keyed k "
    f"LEFT JOIN {_OLD} WHERE p.item_id IS NULL OR p.missing_since IS NOT NULL OR "
    + " OR ".join(f"p.{name} IS NOT k.{name}" for name in _VALUES.split(", ")),
    (
        "INSERT INTO temp.moved SELECT h.item_id, h.location_id, p.item_id IS NULL FROM temp.held h "
        "LEFT JOIN position p ON p.location_id = h.location_id AND p.item_id = h.item_id "
        "WHERE p.item_id IS NULL OR p.missing_since IS NOT NULL OR p.state <> 'unknown'"
    ),
    "INSERT INTO temp.moved SELECT item_id, location_id, 0 FROM temp.gone",
)


def _money(alias: str) -> str:
    return f"{alias}.price || COALESCE(' ' || {alias}.currency, '')"


def _state(alias: str, reason: str) -> str:
    return f"{alias}.state || CASE WHEN {alias}.{reason} = '' THEN '' ELSE ': ' || {alias}.{reason} END"


def _movement(kind: str, before: str, after: str, where: str) -> str:
    return (
        "INSERT INTO movement (item_id, location_id, run_id, kind, line, before, after) "
        f"SELECT m.item_id, m.location_id, :run, '{kind}', k.line, {before}, {after} "
        "FROM temp.moved m "
        "CROSS JOIN temp.keyed k ON k.location_id = m.location_id AND k.item_id = m.item_id "
        f"CROSS JOIN {_OLD} WHERE NOT m.fresh AND {where} {_AGAIN}"
    )


def _iso(column: str) -> str:
    return f"STRFTIME('%Y-%m-%dT%H:%M:%SZ', {column} / 1000000, 'unixepoch')"


# a second reading of one source in one run: the first `before` and the last `after` count
_AGAIN = (
    "ON CONFLICT (item_id, location_id, run_id, kind) "
    "DO UPDATE SET after = excluded.after, line = excluded.line"
)
_COLUMNS = "(item_id, location_id, run_id, kind, line, before, after)"
MOVEMENTS = (
    (
        f"INSERT INTO movement {_COLUMNS} "
        "SELECT m.item_id, m.location_id, :run, 'quantity', k.line, NULL, k.quantity FROM temp.moved m "
        "CROSS JOIN temp.keyed k ON k.location_id = m.location_id AND k.item_id = m.item_id "
        f"WHERE m.fresh AND k.quantity IS NOT NULL {_AGAIN}"
    ),
    _movement("quantity", "p.quantity", "k.quantity", "p.quantity IS NOT k.quantity"),
    _movement("committed", "p.committed", "k.committed", "p.committed IS NOT k.committed"),
    _movement(
        "price",
        _money("p"),
        _money("k"),
        "(p.price IS NOT k.price OR p.currency IS NOT k.currency)",
    ),
    _movement("cost", "p.cost", "k.cost", "p.cost IS NOT k.cost"),
    _movement("state", _state("p", "reason"), _state("k", "note"), "p.state IS NOT k.state"),
    _movement("missing", _iso("p.missing_since"), "NULL", "p.missing_since IS NOT NULL"),
    (
        f"INSERT INTO movement {_COLUMNS} SELECT h.item_id, h.location_id, :run, 'state', h.line, "
        f"{_state('p', 'reason')}, 'unknown: ' || h.reason FROM temp.held h "
        "CROSS JOIN position p ON p.location_id = h.location_id AND p.item_id = h.item_id "
        f"WHERE p.state <> 'unknown' {_AGAIN}"
    ),
    (
        f"INSERT INTO movement {_COLUMNS} SELECT h.item_id, h.location_id, :run, 'missing', h.line, "
        f"{_iso('p.missing_since')}, NULL FROM temp.held h "
        "CROSS JOIN position p ON p.location_id = h.location_id AND p.item_id = h.item_id "
        f"WHERE p.missing_since IS NOT NULL {_AGAIN}"
    ),
    (
        f"INSERT INTO movement {_COLUMNS} SELECT item_id, location_id, :run, 'missing', NULL, NULL, "
        f"{_iso(':now')} FROM temp.gone WHERE true {_AGAIN}"
    ),
)

_POSITION = (
    "position (location_id, item_id, state, quantity, committed, price, currency, cost, counted_at, "
    "reason, since, born_at, missing_since, missing_step, value_hash, snapshot_id, line)"
)
APPLY = (
    (
        f"INSERT INTO {_POSITION} SELECT location_id, item_id, {_VALUES}, note, :now, :now, NULL, 0, "
        "hash, :snapshot, line FROM temp.keyed WHERE true ON CONFLICT (location_id, item_id) DO UPDATE SET "
        "since = CASE WHEN state IS excluded.state AND quantity IS excluded.quantity THEN since "
        "ELSE excluded.since END, state = excluded.state, quantity = excluded.quantity, "
        "committed = excluded.committed, price = excluded.price, currency = excluded.currency, "
        "cost = excluded.cost, counted_at = excluded.counted_at, reason = excluded.reason, "
        "missing_since = NULL, missing_step = 0, value_hash = excluded.value_hash, "
        "snapshot_id = excluded.snapshot_id, line = excluded.line"
    ),
    # a held row forgets its hash, so that it is judged again whatever it says next time
    (
        f"INSERT INTO {_POSITION} SELECT location_id, item_id, 'unknown', NULL, NULL, NULL, NULL, NULL, "
        "NULL, reason, :now, :now, NULL, 0, NULL, :snapshot, line FROM temp.held WHERE true "
        "ON CONFLICT (location_id, item_id) DO UPDATE SET "
        "since = CASE WHEN state = 'unknown' THEN since ELSE excluded.since END, state = 'unknown', "
        "reason = excluded.reason, missing_since = NULL, missing_step = 0, value_hash = NULL, "
        "snapshot_id = excluded.snapshot_id, line = excluded.line"
    ),
    (
        # not by `(…, …) IN`, for which SQLite looks through the whole table
        "UPDATE position SET missing_since = :now, missing_step = 0 FROM temp.gone g "
        "WHERE g.location_id = position.location_id AND g.item_id = position.item_id"
    ),
)

PRESENT = (
    "SELECT COUNT(*) FROM position WHERE missing_since IS NULL "
    f"AND item_id = (SELECT id FROM item WHERE sku = :sku) AND {_IN_SOURCE}"
)
MOVED_ITEMS = "SELECT DISTINCT item_id FROM temp.moved"
