-- Every list that any table names: a list that was deleted in Listrak still has its messages.
with known as (
    select list_id from {{ ref('stg_listrak__lists') }}
    union distinct
    select list_id from {{ ref('stg_listrak__contacts') }}
    union distinct
    select list_id from {{ ref('stg_listrak__campaigns') }}
    union distinct
    select list_id from {{ ref('stg_listrak__messages') }}
    union distinct
    select list_id from {{ ref('stg_listrak__conversations') }}
    union distinct
    select list_id from {{ ref('stg_listrak__transactional_messages') }}
    union distinct
    select list_id from {{ ref('stg_listrak__list_imports') }}
    union distinct
    select list_id from {{ ref('listrak__sends') }}
),

contacts as (
    select
        list_id,
        {{ dbt_listrak.count_of("true", "contacts") }},
        {{ dbt_listrak.count_of("subscription_state = 'Subscribed'", "subscribed") }},
        {{ dbt_listrak.count_of("subscription_state = 'Unsubscribed'", "unsubscribed") }}
    from {{ ref('stg_listrak__contacts') }}
    group by list_id
),

sends as (
    select
        list_id,
        {{ dbt_listrak.figures() }},
        max(sent_at) as last_sent_at
    from {{ ref('listrak__sends') }}
    group by list_id
)

select
    known.list_id,
    lists.list_name,
    lists.list_id is not null as is_listed,
    lists.create_date as created_at,
    lists.from_name,
    coalesce(contacts.contacts, 0) as contacts,
    coalesce(contacts.subscribed, 0) as subscribed,
    coalesce(contacts.unsubscribed, 0) as unsubscribed,
    sends.last_sent_at,
    {{ dbt_listrak.joined_figures("sends") }}
from known
left join {{ ref('stg_listrak__lists') }} as lists on known.list_id = lists.list_id
left join contacts on known.list_id = contacts.list_id
left join sends on known.list_id = sends.list_id
