-- Every campaign of a list, with the sends of all kinds of message; campaign 0 holds what has no campaign.
with messages as (
    select
        message_key,
        list_id,
        campaign_id
    from {{ ref('listrak__messages') }}
    union all
    select
        message_key,
        list_id,
        campaign_id
    from {{ ref('listrak__conversation_messages') }}
    union all
    select
        message_key,
        list_id,
        campaign_id
    from {{ ref('listrak__transactional_messages') }}
),

counted as (
    select
        list_id,
        campaign_id,
        count(*) as messages
    from messages
    group by list_id, campaign_id
),

known as (
    select
        list_id,
        campaign_id
    from {{ ref('stg_listrak__campaigns') }}
    union distinct
    select
        list_id,
        campaign_id
    from messages
),

sends as (
    select
        messages.list_id,
        messages.campaign_id,
        {{ dbt_listrak.figures() }},
        min(sends.sent_at) as first_sent_at,
        max(sends.sent_at) as last_sent_at
    from {{ ref('listrak__sends') }} as sends
    inner join messages on sends.message_key = messages.message_key
    group by messages.list_id, messages.campaign_id
),

joined as (
    select
        {{ dbt_listrak.message_key("campaign", ["known.list_id", "known.campaign_id"]) }} as campaign_key,
        known.list_id,
        lists.list_name,
        known.campaign_id,
        campaigns.campaign_id is not null as is_listed,
        coalesce(campaigns.campaign_name, case when known.campaign_id = 0 then 'No campaign' end) as campaign_name,
        coalesce(counted.messages, 0) as messages,
        sends.first_sent_at,
        sends.last_sent_at,
        {{ dbt_listrak.joined_figures("sends") }}
    from known
    left join {{ ref('stg_listrak__campaigns') }} as campaigns
        on known.list_id = campaigns.list_id and known.campaign_id = campaigns.campaign_id
    left join {{ ref('listrak__lists') }} as lists on known.list_id = lists.list_id
    left join counted on known.list_id = counted.list_id and known.campaign_id = counted.campaign_id
    left join sends on known.list_id = sends.list_id and known.campaign_id = sends.campaign_id
)

select
    *,
    {{ dbt_listrak.rates() }}
from joined
