{{ config(
    materialized='incremental',
    unique_key='send_id',
    incremental_strategy='merge' if target.type == 'bigquery' else 'delete+insert',
    on_schema_change='append_new_columns'
) }}

with staged as (
    select * from {{ ref('int_listrak__sends') }}
)

select
    send_id,
    message_key,
    message_kind,
    list_id,
    conversation_id,
    message_id,
    email_address,
    email_domain,
    external_contact_id,
    sent_at,
    sent_on,
    first_activity_at,
    opened,
    was_read,
    clicked,
    click_count,
    bounced,
    bounce_reason,
    unsubscribed,
    complained,
    visited_at,
    order_total
from staged
{% if is_incremental() %}
    -- What may have changed, and what was not there before, however old it is.
    where
        sent_at >= (
            select {{ dbt.dateadd("day", -1 * var("listrak_unsettled_days"), "max(this_table.sent_at)") }}
            from {{ this }} as this_table
        )
        or sent_at is null
        or not exists (
            select 1
            from {{ this }} as this_table
            where this_table.send_id = staged.send_id
        )
{% endif %}
