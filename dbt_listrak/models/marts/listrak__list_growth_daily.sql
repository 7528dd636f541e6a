-- One row per list and day on which somebody joined, came back or left. Listrak keeps the latest dates only.
with contacts as (
    select * from {{ ref('stg_listrak__contacts') }}
),

changes as (
    select
        list_id,
        subscribe_date as changed_at,
        'subscribe' as change_type
    from contacts
    where subscription_state in ('Subscribed', 'Unsubscribed') and subscribe_date is not null
    union all
    select
        list_id,
        resubscribe_date as changed_at,
        'resubscribe' as change_type
    from contacts
    where subscription_state in ('Subscribed', 'Unsubscribed') and resubscribe_date is not null
    union all
    -- Who came back may still show the date of having left.
    select
        list_id,
        unsubscribe_date as changed_at,
        'unsubscribe' as change_type
    from contacts
    where subscription_state = 'Unsubscribed' and unsubscribe_date is not null
),

days as (
    select
        list_id,
        {{ dbt_listrak.local_day("changed_at") }} as changed_on,
        change_type
    from changes
),

counted as (
    select
        list_id,
        changed_on,
        {{ dbt_listrak.count_of("change_type = 'subscribe'", "subscribes") }},
        {{ dbt_listrak.count_of("change_type = 'resubscribe'", "resubscribes") }},
        {{ dbt_listrak.count_of("change_type = 'unsubscribe'", "unsubscribes") }}
    from days
    group by list_id, changed_on
)

select
    list_id,
    changed_on,
    subscribes,
    resubscribes,
    unsubscribes,
    subscribes - unsubscribes as net_growth,
    cast(
        sum(subscribes - unsubscribes) over (
            partition by list_id
            order by changed_on
            rows between unbounded preceding and current row
        ) as {{ dbt.type_bigint() }}
    ) as subscribed
from counted
