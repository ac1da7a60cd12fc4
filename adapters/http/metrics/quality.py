"""Metrics of surveys and cases, read from the read model of quality."""

from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from engine.projections.views import Views

SERIES_MAX: Final = 2_000


def quality_families(views: Views, now_ns: int) -> list[Metric]:
    """Return every family; what was never requested has no sample."""
    labels = ("queue", "channel", "kind")
    requests = CounterMetricFamily("trunkline_survey_requests", "Customers asked how it was", labels=labels)
    answers = CounterMetricFamily("trunkline_survey_answers", "What they answered", labels=(*labels, "score"))
    for one in views.quality.survey_counts()[: SERIES_MAX // 12]:
        told = [one.queue, one.channel, one.kind]
        requests.add_metric(told, one.requested)
        for score, count in enumerate(one.scores):
            if count:
                answers.add_metric([*told, str(score)], count)
    ignored = CounterMetricFamily("trunkline_survey_facts_ignored", "Facts that count nothing", labels=("reason",))
    for reason, count in sorted(views.quality.survey_facts_ignored().items()):
        ignored.add_metric([reason], count)
    cases = views.quality.case_counts(now_ns)
    events = CounterMetricFamily("trunkline_cases", "What happened to cases", labels=("event",))
    for event, count in cases.events.items():
        events.add_metric([event], count)
    by_base = ("customer_base", "region")
    complaints = CounterMetricFamily("trunkline_complaints", "Cases that are complaints", labels=by_base)
    contacts = CounterMetricFamily("trunkline_customer_contacts", "Contacts that said whose customers", labels=by_base)
    for base in cases.complaints:
        complaints.add_metric([base.customer_base, base.region], base.complaints)
        contacts.add_metric([base.customer_base, base.region], base.contacts)
    return [
        requests,
        answers,
        ignored,
        events,
        GaugeMetricFamily("trunkline_cases_open", "Cases that are not resolved", value=cases.open),
        GaugeMetricFamily("trunkline_cases_overdue", "Open cases whose deadline has passed", value=cases.overdue),
        complaints,
        contacts,
    ]
