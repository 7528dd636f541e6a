-- One row per day of sending, list, kind of message and domain of the recipients.
with counted as (
    select
        sent_on,
        list_id,
        message_kind,
        coalesce(email_domain, 'unknown') as email_domain,
        {{ dbt_listrak.figures() }}
    from {{ ref('listrak__sends') }}
    where sent_on is not null
    group by sent_on, list_id, message_kind, coalesce(email_domain, 'unknown')
)

select
    *,
    {{ dbt_listrak.rates() }}
from counted
