"""The dashboard's views as data: a question, and a query on the marts that answers it.

Every query takes ``$days``, how many days the period has, and ``$list_id``, null for all lists. A period ends
on the day of the latest send, so that a database of last month shows last month. No query reads an address.
"""

from __future__ import annotations

from dataclasses import dataclass

PERIOD = """
with period as (
    select
        max(sent_on) as until,
        max(sent_on) - cast($days as integer) as since,
        max(sent_on) - 2 * cast($days as integer) as before,
        cast($list_id as bigint) as only_list
    from {schema}.listrak__deliverability_daily
)
"""
"""The period asked for, after ``since`` and up to ``until``, and where the one before it begins."""

OF_LIST = "(period.only_list is null or {table}.list_id = period.only_list)"


@dataclass(frozen=True)
class View:
    """One part of the dashboard.

    Attributes:
        title: The question it answers.
        unit: What is shown, in words.
        body: The query behind the period.
    """

    title: str
    unit: str
    body: str

    def query(self, schema: str) -> str:
        """Return the SQL, with the parameters ``$days`` and ``$list_id``.

        Args:
            schema: Where the marts are.
        """
        return (PERIOD + self.body).replace("{schema}", schema)


def _of(table: str) -> str:
    return OF_LIST.format(table=table)


HEADLINES = View(
    "At a glance",
    "This period and the one before it",
    f"""
    , sent as (
        select
            sent_on > period.since as is_current, sum(sends) as sends, sum(delivered) as delivered,
            sum(opens) as opens, sum(clickers) as clickers, sum(bounces) as bounces
        from {{schema}}.listrak__deliverability_daily as daily
        cross join period
        where sent_on > period.before and {_of("daily")}
        group by all
    ),
    earned as (
        select revenue_on > period.since as is_current, sum(orders) as orders, sum(revenue) as revenue
        from {{schema}}.listrak__revenue_daily as daily
        cross join period
        where revenue_on > period.before and revenue_on <= period.until and {_of("daily")}
        group by all
    )
    select
        is_current, coalesce(revenue, 0) as revenue, coalesce(orders, 0) as orders, delivered,
        100.0 * opens / nullif(delivered, 0) as open_rate,
        100.0 * clickers / nullif(delivered, 0) as click_rate,
        100.0 * bounces / nullif(sends, 0) as bounce_rate
    from sent
    left join earned using (is_current)
    order by is_current desc
    """,
)
"""One row for the period, and one for the period before it."""

REVENUE = View(
    "What do messages earn, day by day?",
    "Revenue that Listrak attributes, by kind of message",
    f"""
    select revenue_on, message_kind, sum(orders) as orders, cast(sum(revenue) as double) as revenue
    from {{schema}}.listrak__revenue_daily as daily
    cross join period
    where revenue_on > period.since and revenue_on <= period.until and {_of("daily")}
    group by all
    order by all
    """,
)

MESSAGES = View(
    "Which messages earn?",
    "The ten broadcasts of the period with the highest revenue",
    f"""
    select
        regexp_replace(subject, '\\s+', ' ', 'g') as subject, messages.list_name, sent_on, delivered,
        100.0 * open_rate as open_rate, 100.0 * click_rate as click_rate, orders,
        cast(revenue as double) as revenue, 1000.0 * revenue_per_delivered as revenue_per_thousand
    from {{schema}}.listrak__messages as messages
    cross join period
    where sends > 0 and sent_on > period.since and {_of("messages")}
    order by revenue desc, message_key
    limit 10
    """,
)

GROWTH = View(
    "Which lists grow?",
    "Contacts gained since the period began, less those who left",
    f"""
    , days as (
        select list_id, changed_on, subscribes + resubscribes as joined, unsubscribes as lost, net_growth
        from {{schema}}.listrak__list_growth_daily as growth
        cross join period
        where changed_on > period.since and changed_on <= period.until and {_of("growth")}
    )
    select
        coalesce(lists.list_name, 'List ' || days.list_id) as list_name, changed_on, joined, lost, net_growth,
        sum(net_growth) over (partition by days.list_id order by changed_on) as gained
    from days
    left join {{schema}}.listrak__lists as lists using (list_id)
    order by list_name, changed_on
    """,
)

FADING = View(
    "Who is fading?",
    "Subscribed contacts by their latest click, open or order; point at a bar for what they spent",
    f"""
    select engagement, count(*) as contacts, sum(contacts.orders) as orders,
        cast(sum(contacts.revenue) as double) as revenue
    from {{schema}}.listrak__contacts as contacts
    cross join period
    where subscription_state = 'Subscribed' and {_of("contacts")}
    group by engagement
    order by list_position(
        ['active', 'warm', 'fading', 'lapsed', 'never engaged', 'never sent to'], engagement
    )
    """,
)
"""A state as of the latest data, whatever the period."""

DELIVERABILITY = View(
    "Where does deliverability drop?",
    "Per cent of sends that bounced, by domain; the mark is the period before",
    f"""
    select
        email_domain,
        sum(sends) filter (where sent_on > period.since) as sends,
        sum(bounces) filter (where sent_on > period.since) as bounces,
        100.0 * sum(bounces) filter (where sent_on > period.since)
        / nullif(sum(sends) filter (where sent_on > period.since), 0) as bounce_rate,
        100.0 * sum(bounces) filter (where sent_on <= period.since)
        / nullif(sum(sends) filter (where sent_on <= period.since), 0) as bounce_rate_before,
        100.0 * sum(complaints) filter (where sent_on > period.since)
        / nullif(sum(delivered) filter (where sent_on > period.since), 0) as complaint_rate
    from {{schema}}.listrak__deliverability_daily as daily
    cross join period
    where sent_on > period.before and email_domain is not null and {_of("daily")}
    group by email_domain
    having sum(sends) filter (where sent_on > period.since) > 0
    order by sends desc, email_domain
    limit 10
    """,
)
"""The ten domains with the most sends."""

JOURNEYS = View(
    "What do journeys do?",
    "Revenue per 1,000 delivered messages of each conversation in the period",
    f"""
    , journeys as (
        select
            list_id, conversation_id, count(*) as sends,
            count(*) filter (where not coalesce(bounced, false)) as delivered,
            count(*) filter (where clicked) as clickers, count(*) filter (where order_total > 0) as orders,
            cast(coalesce(sum(order_total), 0) as double) as revenue
        from {{schema}}.listrak__sends as sends
        cross join period
        where message_kind = 'conversation' and sent_on > period.since and {_of("sends")}
        group by list_id, conversation_id
    )
    select
        coalesce(named.conversation_name, 'Conversation ' || conversation_id) as conversation_name,
        named.list_name, journeys.sends, journeys.delivered, journeys.orders, journeys.revenue,
        100.0 * journeys.clickers / nullif(journeys.delivered, 0) as click_rate,
        1000.0 * journeys.revenue / nullif(journeys.delivered, 0) as revenue_per_thousand
    from journeys
    left join {{schema}}.listrak__conversations as named using (list_id, conversation_id)
    order by revenue_per_thousand desc, conversation_name, list_name
    """,
)

TEXTS = View(
    "Who joins by text?",
    "Numbers week by week, of all phone lists; joining has a date with include_phone_contact_details",
    """
    , changes as (
        unpivot (
            select date_trunc('week', changed_on) as week, subscribes as joined,
                unsubscribes as "left", opt_outs as "opted out"
            from {schema}.listrak__sms_lists_daily
            cross join period
            where changed_on > period.since and changed_on <= period.until
        )
        on joined, "left", "opted out" into name change value numbers
    )
    select cast(week as date) as week, change, cast(sum(numbers) as bigint) as numbers
    from changes
    cross join period
    group by all
    order by all
    """,
)
"""Phone lists belong to sender codes, so the choice of an email list says nothing of them."""

VIEWS = (HEADLINES, REVENUE, FADING, MESSAGES, GROWTH, DELIVERABILITY, JOURNEYS, TEXTS)
LISTS = "select list_id, coalesce(list_name, 'List ' || list_id) from {schema}.listrak__lists order by 2, 1"
"""Ids and names for the choice of a list."""
