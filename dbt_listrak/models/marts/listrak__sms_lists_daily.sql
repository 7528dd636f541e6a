-- One row per phone list and day on which a number joined, left or opted out of the sender code.
with changes as (
    select
        sender_code_id,
        phone_list_id,
        subscribe_date as changed_at,
        'subscribe' as change_type
    from {{ ref('stg_listrak__phone_list_subscriptions') }}
    where subscribe_date is not null
    union all
    select
        sender_code_id,
        phone_list_id,
        unsubscribe_date as changed_at,
        'unsubscribe' as change_type
    from {{ ref('stg_listrak__phone_list_subscriptions') }}
    where unsubscribe_date is not null and subscription_state <> 'Subscribed'
    union all
    -- An opt-out counts in each phone list of the sender code that the number is in.
    select
        contacts.sender_code_id,
        contacts.phone_list_id,
        opt_outs.opt_out_date as changed_at,
        'opt-out' as change_type
    from {{ ref('stg_listrak__sms_opt_outs') }} as opt_outs
    inner join {{ ref('stg_listrak__phone_list_contacts') }} as contacts
        on opt_outs.sender_code_id = contacts.sender_code_id and opt_outs.phone_number = contacts.phone_number
    where opt_outs.opt_out_date is not null
),

days as (
    select
        sender_code_id,
        phone_list_id,
        {{ dbt_listrak.local_day("changed_at") }} as changed_on,
        change_type
    from changes
)

select
    {{ dbt_listrak.message_key("phone-list", ["sender_code_id", "phone_list_id"]) }} as phone_list_key,
    sender_code_id,
    phone_list_id,
    changed_on,
    {{ dbt_listrak.count_of("change_type = 'subscribe'", "subscribes") }},
    {{ dbt_listrak.count_of("change_type = 'unsubscribe'", "unsubscribes") }},
    {{ dbt_listrak.count_of("change_type = 'opt-out'", "opt_outs") }}
from days
group by sender_code_id, phone_list_id, changed_on
