-- Every message of a conversation that any table names.
with known as (
    select
        list_id,
        conversation_id,
        message_id
    from {{ ref('stg_listrak__conversation_messages') }}
    union distinct
    select
        list_id,
        conversation_id,
        conversation_message_id as message_id
    from {{ ref('stg_listrak__conversation_message_summaries') }}
    union distinct
    select
        list_id,
        conversation_id,
        conversation_message_id as message_id
    from {{ ref('stg_listrak__conversation_message_links') }}
    union distinct
    select
        list_id,
        conversation_id,
        message_id
    from {{ ref('listrak__sends') }}
    where message_kind = 'conversation'
),

sends as (
    select
        list_id,
        conversation_id,
        message_id,
        {{ dbt_listrak.figures() }},
        min(sent_at) as first_sent_at,
        max(sent_at) as last_sent_at
    from {{ ref('listrak__sends') }}
    where message_kind = 'conversation'
    group by list_id, conversation_id, message_id
),

joined as (
    select
        {{ dbt_listrak.message_key("conversation", ["known.list_id", "known.conversation_id", "known.message_id"]) }}
            as message_key,
        known.list_id,
        known.conversation_id,
        known.message_id,
        messages.message_id is not null as is_listed,
        conversations.conversation_name,
        messages.subject,
        messages.message_status,
        -- The message's own campaign, else that of its conversation; Listrak writes 0 for none.
        coalesce(nullif(messages.campaign_id, 0), conversations.campaign_id, 0) as campaign_id,
        messages.external_campaign_id,
        sends.first_sent_at,
        sends.last_sent_at,
        {{ dbt_listrak.joined_figures("sends") }},
        {{ dbt_listrak.reported_figures("summaries") }},
        summaries.pass_along_count as reported_pass_alongs
    from known
    left join {{ ref('stg_listrak__conversation_messages') }} as messages
        on
            known.list_id = messages.list_id
            and known.conversation_id = messages.conversation_id
            and known.message_id = messages.message_id
    left join {{ ref('stg_listrak__conversation_message_summaries') }} as summaries
        on
            known.list_id = summaries.list_id
            and known.conversation_id = summaries.conversation_id
            and known.message_id = summaries.conversation_message_id
    left join {{ ref('stg_listrak__conversations') }} as conversations
        on known.list_id = conversations.list_id and known.conversation_id = conversations.conversation_id
    left join sends
        on
            known.list_id = sends.list_id
            and known.conversation_id = sends.conversation_id
            and known.message_id = sends.message_id
)

select
    *,
    {{ dbt_listrak.rates() }}
from joined
