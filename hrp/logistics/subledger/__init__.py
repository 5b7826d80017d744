"""Writing the stock subledger: set-based statements under sorted locks, whatever the number of lines.

``taking`` decides what leaves and at what amount, ``writing`` writes moves and brings balances along, ``layers`` keeps
first in, first out, ``adjusting`` changes values without moving goods, ``mirroring`` undoes a document to the fen.

Locks are always taken in the same order (:mod:`locking`): store by store, 在途 last, in each balances by (item, expiry,
batch), then valuations by item, then layers. Locking in typed order deadlocks under eight writers; so does looking again
at all there is after :func:`hold`, when goods arrived meanwhile: it says what it holds, and :func:`take` keeps to that.
Documents a posting depends on are locked before stock, what rooms above keep (estimates, budgets, pieces) after it, at
posting and at reversal alike. Below all of this lies a net (:mod:`hrp.platform.base.contention`).
"""

from hrp.logistics.subledger.adjusting import Change, adjust
from hrp.logistics.subledger.locking import expect, hold
from hrp.logistics.subledger.mirroring import lock_moved, mirror
from hrp.logistics.subledger.taking import Taken, Want, take
from hrp.logistics.subledger.writing import Move, batch_ids, methods_of, write

__all__ = [
    "Change",
    "Move",
    "Taken",
    "Want",
    "adjust",
    "batch_ids",
    "expect",
    "hold",
    "lock_moved",
    "methods_of",
    "mirror",
    "take",
    "write",
]
