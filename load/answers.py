"""How a client reads Chaac's answers to POST /api/weather. Pure functions, stdlib only."""

import json

# Above the server's own limit of 2 s on its store, so that its 503 is seen.
REPLY_TIMEOUT_S = 10.0

PROBLEM_PREFIX = "urn:chaac:problem:"

# Types of 5xx problems that say for certain that nothing was stored.
NOT_STORED = frozenset(
    {"not-committed", "queue-full", "id-window-full", "server-busy", "store-key-invalid"}
)


def accepts(status, body):
    """Whether one report was acknowledged. A 200 without an id acknowledges nothing."""
    return status == 200 and "id" in _as_object(body)


def rules_out_storing(status, body):
    """Whether the report is certainly not stored. Neither this nor accepts(): nobody knows."""
    return 400 <= status < 500 or _problem_type(body) in NOT_STORED


def explain(status, body):
    """Why the report was not accepted, in the server's own sentence where it gave one."""
    detail = _as_object(body).get("detail") or body[:200].decode(errors="replace")
    return f"{status} {_problem_type(body)}".rstrip() + f": {detail}"


def _problem_type(body):
    return str(_as_object(body).get("type", "")).removeprefix(PROBLEM_PREFIX)


def _as_object(body):
    try:
        value = json.loads(body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
