-- What Listrak attributes to messages: one row per day, list and kind of message.
with orders as (
    select
        events.occurred_on,
        events.list_id,
        sends.message_kind,
        sends.message_key,
        events.email_address,
        events.order_total,
        events.occurred_at
        <= {{ dbt.dateadd("day", var("listrak_attribution_days"), "sends.sent_at") }} as is_within_window
    from {{ ref('listrak__engagement_events') }} as events
    inner join {{ ref('listrak__sends') }} as sends on events.send_id = sends.send_id
    where events.event_type = 'order'
)

select
    occurred_on as revenue_on,
    list_id,
    message_kind,
    count(*) as orders,
    count(distinct email_address) as buyers,
    count(distinct message_key) as messages,
    cast(sum(order_total) as {{ dbt_listrak.type_money() }}) as revenue,
    cast(
        sum(case when is_within_window then order_total else 0 end) as {{ dbt_listrak.type_money() }}
    ) as revenue_within_window
from orders
group by occurred_on, list_id, message_kind
