-- All sends of all kinds of message, in one form.
with activity as (
    select
        'broadcast' as message_kind,
        list_id,
        cast(null as {{ dbt.type_bigint() }}) as conversation_id,
        message_id,
        {{ dbt_listrak.message_key("broadcast", ["list_id", "message_id"]) }} as message_key,
        -- A contact gets a broadcast once.
        {{ dbt_listrak.key_of(["'broadcast'", "list_id", "message_id", "email_address"]) }} as send_id,
        {{ dbt_listrak.activity_columns() }}
    from {{ ref('stg_listrak__message_activity') }}
    union all
    select
        'conversation' as message_kind,
        list_id,
        conversation_id,
        conversation_message_id as message_id,
        {{ dbt_listrak.message_key("conversation", ["list_id", "conversation_id", "conversation_message_id"]) }}
            as message_key,
        {{ dbt_listrak.key_of(
            ["'conversation'", "list_id", "conversation_id", "conversation_message_id", "email_address", "send_date"]
        ) }} as send_id,
        {{ dbt_listrak.activity_columns() }}
    from {{ ref('stg_listrak__conversation_message_activity') }}
    union all
    select
        'transactional' as message_kind,
        list_id,
        cast(null as {{ dbt.type_bigint() }}) as conversation_id,
        transactional_message_id as message_id,
        {{ dbt_listrak.message_key("transactional", ["list_id", "transactional_message_id"]) }} as message_key,
        {{ dbt_listrak.key_of(
            ["'transactional'", "list_id", "transactional_message_id", "email_address", "send_date", "resend_key"]
        ) }} as send_id,
        {{ dbt_listrak.activity_columns() }}
    from {{ ref('stg_listrak__transactional_message_activity') }}
)

select
    *,
    {{ dbt_listrak.local_day("sent_at") }} as sent_on
from activity
