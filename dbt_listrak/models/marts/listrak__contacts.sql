-- Every contact of a list as it is now, with what it did. Joined on list and address: activity has no emailKey.
with sends as (
    select
        list_id,
        email_address,
        {{ dbt_listrak.figures() }},
        min(sent_at) as first_sent_at,
        max(sent_at) as last_sent_at,
        max(case when opened then sent_at end) as last_opened_sent_at
    from {{ ref('listrak__sends') }}
    group by list_id, email_address
),

events as (
    select
        list_id,
        email_address,
        max(case when event_type = 'click' then occurred_at end) as last_click_at,
        max(case when event_type = 'order' then occurred_at end) as last_order_at,
        max(case when event_type in ('open', 'click', 'order') then occurred_at end) as last_engaged_at
    from {{ ref('listrak__engagement_events') }}
    group by list_id, email_address
),

-- "Now" is the last send that was extracted, so that yesterday's tables give yesterday's answers.
latest as (
    select max(sent_at) as as_of
    from {{ ref('listrak__sends') }}
),

joined as (
    select
        contacts.list_id,
        lists.list_name,
        contacts.email_key,
        lower(contacts.email_address) as email_address,
        contacts.email_domain,
        contacts.external_contact_id,
        contacts.subscription_state,
        contacts.subscribe_date as subscribed_at,
        contacts.subscribe_method,
        contacts.resubscribe_date as resubscribed_at,
        contacts.unsubscribe_date as unsubscribed_at,
        contacts.unsubscribe_method,
        {%- for alias, field in var("listrak_profile_fields").items() %}
        {{ dbt_listrak.json_member("contacts.profile_fields", field) }} as {{ alias }},
        {%- endfor %}
        sends.first_sent_at,
        sends.last_sent_at,
        sends.last_opened_sent_at,
        events.last_click_at,
        events.last_order_at,
        events.last_engaged_at,
        latest.as_of,
        {{ dbt.datediff("events.last_engaged_at", "latest.as_of", "day") }} as recency_days, -- noqa: LT05
        {{ dbt_listrak.joined_figures("sends") }}
    from {{ ref('stg_listrak__contacts') }} as contacts
    cross join latest
    left join {{ ref('listrak__lists') }} as lists on contacts.list_id = lists.list_id
    left join sends
        on contacts.list_id = sends.list_id and lower(contacts.email_address) = sends.email_address
    left join events
        on contacts.list_id = events.list_id and lower(contacts.email_address) = events.email_address
)

select
    {{ dbt_listrak.message_key("contact", ["list_id", "email_key"]) }} as contact_key,
    *,
    case
        when sends = 0 then 'never sent to'
        when recency_days is null then 'never engaged'
        when recency_days <= 30 then 'active'
        when recency_days <= 90 then 'warm'
        when recency_days <= 180 then 'fading'
        else 'lapsed'
    end as engagement
from joined
