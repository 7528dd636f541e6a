-- Every list that any table names: a list that was deleted in Listrak still has its messages.
{%- set tables_with_lists = [
    "stg_listrak__lists",
    "stg_listrak__contacts",
    "stg_listrak__campaigns",
    "stg_listrak__messages",
    "stg_listrak__conversations",
    "stg_listrak__transactional_messages",
    "stg_listrak__list_imports",
    "listrak__sends",
] %}
with known as (
    {% for table in tables_with_lists %}
        select list_id from {{ ref(table) }}
        {{ "union distinct" if not loop.last }}
    {% endfor %}
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
