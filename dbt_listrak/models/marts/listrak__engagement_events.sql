-- What recipients did, one row per event. Only clicks on links have a time of their own; see time_source.
{#- Events that a send itself tells of, and the condition for each. A click that no link tells of: transactional
    messages, and messages whose clickers were not extracted, have one event for all clicks. -#}
{%- set events_of_sends = [
    ("open", "opened"),
    ("click", "clicked and not has_link_clicks"),
    ("bounce", "bounced"),
    ("unsubscribe", "unsubscribed"),
    ("complaint", "complained"),
    ("order", "order_total > 0"),
] %}
with sends as (
    select * from {{ ref('listrak__sends') }}
),

-- The send that a click belongs to: the latest one before it.
click_sends as (
    select
        clicks.click_id,
        clicks.message_key,
        clicks.list_id,
        clicks.link_id,
        clicks.email_address,
        clicks.email_domain,
        clicks.clicked_at,
        sends.send_id,
        row_number() over (
            partition by clicks.click_id
            order by case when sends.sent_at <= clicks.clicked_at then 0 else 1 end, sends.sent_at desc
        ) as place
    from {{ ref('int_listrak__link_clicks') }} as clicks
    left join sends on clicks.message_key = sends.message_key and clicks.email_address = sends.email_address
),

link_clicks as (
    select * from click_sends
    where place = 1
),

clicked_sends as (
    select distinct send_id from link_clicks
),

told as (
    select
        sends.*,
        clicked_sends.send_id is not null as has_link_clicks
    from sends
    left join clicked_sends on sends.send_id = clicked_sends.send_id
),

events as (
    select
        'click' as event_type,
        'click' as time_source,
        send_id,
        message_key,
        list_id,
        email_address,
        email_domain,
        link_id,
        clicked_at as occurred_at,
        cast(null as {{ dbt_listrak.type_money() }}) as order_total
    from link_clicks
    {% for event_type, condition in events_of_sends %}
        {% set is_order = event_type == "order" %}
        union all
        select
            '{{ event_type }}' as event_type,
            case
                {% if is_order %} when visited_at is not null then 'visit' {% endif %}
                when first_activity_at is not null then 'first activity'
                else 'send'
            end as time_source,
            send_id,
            message_key,
            list_id,
            email_address,
            email_domain,
            cast(null as {{ dbt.type_bigint() }}) as link_id,
            coalesce({{ "visited_at, " if is_order }}first_activity_at, sent_at) as occurred_at,
            {{ "order_total" if is_order else "cast(null as " ~ dbt_listrak.type_money() ~ ")" }} as order_total
        from told
        where {{ condition }}
    {% endfor %}
)

select
    {{ dbt_listrak.key_of(
        ["event_type", "time_source", "send_id", "message_key", "email_address", "link_id", "occurred_at"]
    ) }} as event_id,
    event_type,
    time_source,
    send_id,
    message_key,
    list_id,
    email_address,
    email_domain,
    link_id,
    occurred_at,
    {{ dbt_listrak.local_day("occurred_at") }} as occurred_on,
    order_total
from events
