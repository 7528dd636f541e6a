-- Every link of a broadcast or a conversation message, with its clicks.
with links as (
    select
        {{ dbt_listrak.message_key("broadcast", ["list_id", "message_id"]) }} as message_key,
        'broadcast' as message_kind,
        list_id,
        link_id,
        link_description,
        link_url,
        click_count
    from {{ ref('stg_listrak__message_links') }}
    union all
    select
        {{ dbt_listrak.message_key("conversation", ["list_id", "conversation_id", "conversation_message_id"]) }}
            as message_key,
        'conversation' as message_kind,
        list_id,
        link_id,
        link_description,
        link_url,
        click_count
    from {{ ref('stg_listrak__conversation_message_links') }}
),

clicks as (
    select
        message_key,
        link_id,
        count(*) as clicks,
        count(distinct email_address) as clickers,
        min(clicked_at) as first_click_at,
        max(clicked_at) as last_click_at
    from {{ ref('int_listrak__link_clicks') }}
    group by message_key, link_id
),

joined as (
    select
        links.message_key,
        links.message_kind,
        links.list_id,
        links.link_id,
        links.link_description,
        links.link_url,
        links.click_count as reported_clicks,
        clicks.first_click_at,
        clicks.last_click_at,
        coalesce(clicks.clicks, 0) as clicks,
        coalesce(clicks.clickers, 0) as clickers
    from links
    left join clicks on links.message_key = clicks.message_key and links.link_id = clicks.link_id
)

select
    *,
    {{ dbt.concat(["message_key", "'-'", "cast(link_id as " ~ dbt.type_string() ~ ")"]) }} as link_key,
    {{ dbt_listrak.share("clicks", "sum(clicks) over (partition by message_key)") }} as share_of_clicks
from joined
