-- Every transactional message that any table names. Listrak gives no report of them: all figures are counted.
with known as (
    select
        list_id,
        transactional_message_id as message_id
    from {{ ref('stg_listrak__transactional_messages') }}
    union distinct
    select
        list_id,
        message_id
    from {{ ref('listrak__sends') }}
    where message_kind = 'transactional'
),

sends as (
    select
        list_id,
        message_id,
        {{ dbt_listrak.figures() }},
        min(sent_at) as first_sent_at,
        max(sent_at) as last_sent_at
    from {{ ref('listrak__sends') }}
    where message_kind = 'transactional'
    group by list_id, message_id
),

joined as (
    select
        {{ dbt_listrak.message_key("transactional", ["known.list_id", "known.message_id"]) }} as message_key,
        known.list_id,
        lists.list_name,
        known.message_id,
        messages.transactional_message_id is not null as is_listed,
        messages.transactional_message_name,
        messages.subject,
        coalesce(messages.campaign_id, 0) as campaign_id,
        messages.external_campaign_id,
        sends.first_sent_at,
        sends.last_sent_at,
        {{ dbt_listrak.joined_figures("sends") }}
    from known
    left join {{ ref('stg_listrak__transactional_messages') }} as messages
        on known.list_id = messages.list_id and known.message_id = messages.transactional_message_id
    left join {{ ref('listrak__lists') }} as lists on known.list_id = lists.list_id
    left join sends on known.list_id = sends.list_id and known.message_id = sends.message_id
)

select
    *,
    {{ dbt_listrak.rates() }}
from joined
