-- All clicks on links, in one form. Transactional messages have none: Listrak does not list their links.
with clicks as (
    select
        list_id,
        link_id,
        {{ dbt_listrak.message_key("broadcast", ["list_id", "message_id"]) }} as message_key,
        lower(email_address) as email_address,
        email_domain,
        click_date as clicked_at
    from {{ ref('stg_listrak__message_link_clickers') }}
    union all
    select
        list_id,
        link_id,
        {{ dbt_listrak.message_key("conversation", ["list_id", "conversation_id", "conversation_message_id"]) }}
            as message_key,
        lower(email_address) as email_address,
        email_domain,
        click_date as clicked_at
    from {{ ref('stg_listrak__conversation_message_link_clickers') }}
)

select
    *,
    {{ dbt_listrak.key_of(["message_key", "link_id", "email_address", "clicked_at"]) }} as click_id
from clicks
