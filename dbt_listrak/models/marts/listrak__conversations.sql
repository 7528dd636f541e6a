-- Every conversation that any table names: the sum of its messages, beside Listrak's own report.
with known as (
    select
        list_id,
        conversation_id
    from {{ ref('stg_listrak__conversations') }}
    union distinct
    select
        list_id,
        conversation_id
    from {{ ref('stg_listrak__conversation_summaries') }}
    union distinct
    select
        list_id,
        conversation_id
    from {{ ref('listrak__conversation_messages') }}
),

sends as (
    select
        list_id,
        conversation_id,
        {{ dbt_listrak.figures() }},
        min(sent_at) as first_sent_at,
        max(sent_at) as last_sent_at,
        count(distinct email_address) as contacts_reached
    from {{ ref('listrak__sends') }}
    where message_kind = 'conversation'
    group by list_id, conversation_id
),

messages as (
    select
        list_id,
        conversation_id,
        count(*) as messages
    from {{ ref('listrak__conversation_messages') }}
    group by list_id, conversation_id
),

joined as (
    select
        {{ dbt_listrak.message_key("conversation", ["known.list_id", "known.conversation_id"]) }} as conversation_key,
        known.list_id,
        lists.list_name,
        known.conversation_id,
        conversations.conversation_id is not null as is_listed,
        conversations.conversation_name,
        conversations.status,
        conversations.expiration_date as expires_at,
        coalesce(conversations.campaign_id, 0) as campaign_id,
        coalesce(messages.messages, 0) as messages,
        sends.first_sent_at,
        sends.last_sent_at,
        coalesce(sends.contacts_reached, 0) as contacts_reached,
        {{ dbt_listrak.joined_figures("sends") }},
        {{ dbt_listrak.reported_figures("summaries") }},
        summaries.delivered_count as reported_delivered
    from known
    left join {{ ref('stg_listrak__conversations') }} as conversations
        on known.list_id = conversations.list_id and known.conversation_id = conversations.conversation_id
    left join {{ ref('stg_listrak__conversation_summaries') }} as summaries
        on known.list_id = summaries.list_id and known.conversation_id = summaries.conversation_id
    left join {{ ref('listrak__lists') }} as lists on known.list_id = lists.list_id
    left join messages on known.list_id = messages.list_id and known.conversation_id = messages.conversation_id
    left join sends on known.list_id = sends.list_id and known.conversation_id = sends.conversation_id
)

select
    *,
    {{ dbt_listrak.rates() }}
from joined
