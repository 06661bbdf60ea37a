"""/healthz, /readyz, /metrics: is this process well? No personal data, so no token is needed."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from typing import Any

from litestar import Response, get
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from gateway.errors import StoreBusy
from gateway.web.services import Given, Services
from store.queries import delivery as deliveries
from store.queries import ledger, listing

_TEXT = CONTENT_TYPE_LATEST.removesuffix("; charset=utf-8")  # which is added to every text
_ROOM = 64 * 1024 * 1024  # octets that must be free on the disk


@get("/healthz", sync_to_thread=False, include_in_schema=False)
def healthz() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@get("/readyz", sync_to_thread=True, include_in_schema=False)
def readyz(services: Given) -> Response[dict[str, Any]]:
    """The database answers and the disk has room: mail can be accepted."""
    checks = {
        "database": _database_answers(services),
        "disk": shutil.disk_usage(services.data_dir).free >= _ROOM,
    }
    well = all(checks.values())
    shown = {name: "ok" if good else "failing" for name, good in checks.items()}
    return Response(
        {"status": "ok" if well else "failing", "checks": shown}, status_code=200 if well else 503
    )


@get("/metrics", sync_to_thread=True, include_in_schema=False)
def metrics(services: Given) -> Response[bytes]:
    """Figures for Prometheus."""
    registry = CollectorRegistry()
    registry.register(_Figures(services))
    return Response(generate_latest(registry), media_type=_TEXT)


def _database_answers(services: Services) -> bool:
    try:
        return services.read(listing.answers)
    except StoreBusy:
        return False


class _Figures(Collector):
    """Asks the store when it is asked."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def collect(self) -> Iterable[Any]:
        entries = self._services.read(ledger.counts)
        mails = self._services.read(deliveries.counts)
        accepted = CounterMetricFamily(
            "threadpost_mails_accepted", "Mails that were accepted and are in the ledger"
        )
        accepted.add_metric([], sum(entries.values()))
        yield accepted
        for name, help_text, counts in (
            ("threadpost_ledger_entries", "Entries of the ledger by state", entries),
            ("threadpost_deliveries", "Deliveries by state", mails),
        ):
            gauge = GaugeMetricFamily(name, help_text, labels=["state"])
            for state, count in sorted(counts.items()):
                gauge.add_metric([state], count)
            yield gauge


handlers: list[Any] = [healthz, readyz, metrics]
