-- Every broadcast that any table names, with what its recipients did and what Listrak's own report says.
with known as (
    select
        list_id,
        message_id
    from {{ ref('stg_listrak__messages') }}
    union distinct
    select
        list_id,
        message_id
    from {{ ref('stg_listrak__message_summaries') }}
    union distinct
    select
        list_id,
        message_id
    from {{ ref('stg_listrak__message_links') }}
    union distinct
    select
        list_id,
        message_id
    from {{ ref('listrak__sends') }}
    where message_kind = 'broadcast'
),

sends as (
    select
        list_id,
        message_id,
        {{ dbt_listrak.figures() }}
    from {{ ref('listrak__sends') }}
    where message_kind = 'broadcast'
    group by list_id, message_id
),

split_tests as (
    select
        list_id,
        message_id,
        max(split_test_id) as split_test_id
    from {{ ref('stg_listrak__split_test_messages') }}
    group by list_id, message_id
),

joined as (
    select
        {{ dbt_listrak.message_key("broadcast", ["known.list_id", "known.message_id"]) }} as message_key,
        known.list_id,
        lists.list_name,
        known.message_id,
        messages.message_id is not null as is_listed,
        messages.subject,
        messages.message_status,
        messages.send_date as sent_at,
        {{ dbt_listrak.local_day("messages.send_date") }} as sent_on,
        coalesce(messages.campaign_id, 0) as campaign_id,
        campaigns.campaign_name,
        messages.external_campaign_id,
        split_tests.split_test_id,
        {{ dbt_listrak.joined_figures("sends") }},
        {{ dbt_listrak.reported_figures("summaries") }},
        summaries.pass_along_count as reported_pass_alongs
    from known
    left join {{ ref('stg_listrak__messages') }} as messages
        on known.list_id = messages.list_id and known.message_id = messages.message_id
    left join {{ ref('stg_listrak__message_summaries') }} as summaries
        on known.list_id = summaries.list_id and known.message_id = summaries.message_id
    left join {{ ref('listrak__lists') }} as lists on known.list_id = lists.list_id
    left join {{ ref('stg_listrak__campaigns') }} as campaigns
        on messages.list_id = campaigns.list_id and messages.campaign_id = campaigns.campaign_id
    left join split_tests on known.list_id = split_tests.list_id and known.message_id = split_tests.message_id
    left join sends on known.list_id = sends.list_id and known.message_id = sends.message_id
)

select
    *,
    {{ dbt_listrak.rates() }}
from joined
