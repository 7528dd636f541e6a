-- One row per import and result: how many contacts ended so, as they are listed and as Listrak counts them.
with results as (
    select
        list_id,
        import_file_id,
        import_result,
        count(*) as contacts
    from {{ ref('stg_listrak__list_import_contacts') }}
    group by list_id, import_file_id, import_result
),

reported as (
    {% set counts = {
        "Subscribed": "subscribed_count",
        "Unsubscribed": "unsubscribed_count",
        "Already Subscribed": "already_subscribed_count",
        "Already Unsubscribed": "already_unsubscribed_count",
        "Previously Unsubscribed": "previously_unsubscribed_count",
        "Banned": "banned_count",
        "Suppressed": "suppressed_count",
        "Invalid Email": "invalid_email_count",
        "Skipped": "skipped_count",
    } %}
    {% for result, column in counts.items() %}
        select
            list_id,
            import_file_id,
            '{{ result }}' as import_result,
            {{ column }} as contacts
        from {{ ref('stg_listrak__list_import_summaries') }}
        where {{ column }} > 0
        {{ "union all" if not loop.last }}
    {% endfor %}
),

known as (
    select
        list_id,
        import_file_id,
        import_result
    from results
    union distinct
    select
        list_id,
        import_file_id,
        import_result
    from reported
)

select
    {{ dbt_listrak.message_key("import", ["known.list_id", "known.import_file_id", "known.import_result"]) }}
        as import_result_key,
    known.list_id,
    lists.list_name,
    known.import_file_id,
    imports.import_file_name,
    imports.import_date as imported_at,
    statuses.status,
    statuses.start_date as started_at,
    statuses.end_date as ended_at,
    known.import_result,
    coalesce(results.contacts, 0) as contacts,
    reported.contacts as reported_contacts
from known
left join {{ ref('stg_listrak__list_imports') }} as imports
    on known.list_id = imports.list_id and known.import_file_id = imports.import_file_id
left join {{ ref('stg_listrak__list_import_statuses') }} as statuses
    on known.list_id = statuses.list_id and known.import_file_id = statuses.import_file_id
left join {{ ref('listrak__lists') }} as lists on known.list_id = lists.list_id
left join results
    on
        known.list_id = results.list_id
        and known.import_file_id = results.import_file_id
        and known.import_result = results.import_result
left join reported
    on
        known.list_id = reported.list_id
        and known.import_file_id = reported.import_file_id
        and known.import_result = reported.import_result
