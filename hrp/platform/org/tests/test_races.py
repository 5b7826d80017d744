"""What two transactions at once could do to a tree."""

from __future__ import annotations

from threading import Barrier, Thread

from django.db import IntegrityError, connection, transaction

from hrp.platform.org.models import OrgTreeEdge
from hrp.platform.org.tests.places import START, unit


def test_two_halves_of_a_cycle_in_two_transactions_at_once(committed_db):
    for _ in range(5):
        a, b = unit(), unit()
        OrgTreeEdge.objects.filter(unit__in=[a, b]).delete()
        together, outcomes = Barrier(2), []

        def put(child, parent, together=together, outcomes=outcomes):
            try:
                with transaction.atomic():
                    together.wait()
                    OrgTreeEdge.objects.create(tree="admin", unit=child, parent=parent, valid_from=START)
                outcomes.append("done")
            except IntegrityError:
                outcomes.append("refused")
            finally:
                connection.close()

        threads = [Thread(target=put, args=pair) for pair in ((a, b), (b, a))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(outcomes) == ["done", "refused"]
