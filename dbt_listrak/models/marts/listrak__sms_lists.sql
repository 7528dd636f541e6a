-- Every phone list as it is now.
with known as (
    select
        sender_code_id,
        phone_list_id
    from {{ ref('stg_listrak__phone_lists') }}
    union distinct
    select
        sender_code_id,
        phone_list_id
    from {{ ref('stg_listrak__phone_list_contacts') }}
    union distinct
    select
        sender_code_id,
        phone_list_id
    from {{ ref('stg_listrak__phone_list_subscriptions') }}
),

contacts as (
    select
        sender_code_id,
        phone_list_id,
        {{ dbt_listrak.count_of("true", "contacts") }},
        {{ dbt_listrak.count_of("opted_out", "opted_out") }},
        {{ dbt_listrak.count_of("email_address is not null", "with_email_address") }}
    from {{ ref('stg_listrak__phone_list_contacts') }}
    group by sender_code_id, phone_list_id
),

subscriptions as (
    select
        sender_code_id,
        phone_list_id,
        {{ dbt_listrak.count_of("true", "subscriptions") }},
        {{ dbt_listrak.count_of("subscription_state = 'Subscribed'", "subscribed") }},
        {{ dbt_listrak.count_of("pending_double_opt_in or pending_age_gate", "pending") }}
    from {{ ref('stg_listrak__phone_list_subscriptions') }}
    group by sender_code_id, phone_list_id
)

select
    {{ dbt_listrak.message_key("phone-list", ["known.sender_code_id", "known.phone_list_id"]) }} as phone_list_key,
    known.sender_code_id,
    sender_codes.code as sender_code,
    known.phone_list_id,
    phone_lists.phone_list_id is not null as is_listed,
    phone_lists.phone_list_name,
    phone_lists.status,
    phone_lists.sms_list_type,
    phone_lists.create_date as created_at,
    coalesce(contacts.contacts, 0) as contacts,
    coalesce(contacts.opted_out, 0) as opted_out,
    coalesce(contacts.with_email_address, 0) as with_email_address,
    subscriptions.subscriptions,
    subscriptions.subscribed,
    subscriptions.pending
from known
left join {{ ref('stg_listrak__phone_lists') }} as phone_lists
    on known.sender_code_id = phone_lists.sender_code_id and known.phone_list_id = phone_lists.phone_list_id
left join {{ ref('stg_listrak__sender_codes') }} as sender_codes
    on known.sender_code_id = sender_codes.sender_code_id
left join contacts
    on known.sender_code_id = contacts.sender_code_id and known.phone_list_id = contacts.phone_list_id
left join subscriptions
    on known.sender_code_id = subscriptions.sender_code_id and known.phone_list_id = subscriptions.phone_list_id
