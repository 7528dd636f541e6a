{#- Where the rows of each stream are: (mart, condition or expression that counts them there, reason why a row may
    be left out). A stream that is not named here is in no mart. -#}
{%- set places = {
    "lists": ("listrak__lists", "sum(case when is_listed then 1 else 0 end)", none),
    "campaigns": ("listrak__campaigns", "sum(case when is_listed then 1 else 0 end)", none),
    "contacts": ("listrak__contacts", "count(*)", none),
    "messages": ("listrak__messages", "sum(case when is_listed then 1 else 0 end)", none),
    "message_summaries": (
        "listrak__messages", "sum(case when reported_sends is not null then 1 else 0 end)", "no figures"
    ),
    "message_activity": (
        "listrak__sends", "sum(case when message_kind = 'broadcast' then 1 else 0 end)", none
    ),
    "message_links": ("listrak__links", "sum(case when message_kind = 'broadcast' then 1 else 0 end)", none),
    "message_link_clickers": (
        "listrak__engagement_events",
        "sum(case when time_source = 'click' and message_key like 'broadcast-%' then 1 else 0 end)",
        none
    ),
    "conversations": ("listrak__conversations", "sum(case when is_listed then 1 else 0 end)", none),
    "conversation_summaries": (
        "listrak__conversations", "sum(case when reported_sends is not null then 1 else 0 end)", "no figures"
    ),
    "conversation_messages": (
        "listrak__conversation_messages", "sum(case when is_listed then 1 else 0 end)", none
    ),
    "conversation_message_summaries": (
        "listrak__conversation_messages",
        "sum(case when reported_sends is not null then 1 else 0 end)",
        "no figures"
    ),
    "conversation_message_activity": (
        "listrak__sends", "sum(case when message_kind = 'conversation' then 1 else 0 end)", none
    ),
    "conversation_message_links": (
        "listrak__links", "sum(case when message_kind = 'conversation' then 1 else 0 end)", none
    ),
    "conversation_message_link_clickers": (
        "listrak__engagement_events",
        "sum(case when time_source = 'click' and message_key like 'conversation-%' then 1 else 0 end)",
        none
    ),
    "transactional_messages": (
        "listrak__transactional_messages", "sum(case when is_listed then 1 else 0 end)", none
    ),
    "transactional_message_activity": (
        "listrak__sends", "sum(case when message_kind = 'transactional' then 1 else 0 end)", none
    ),
    "list_import_contacts": ("listrak__list_import_results", "sum(contacts)", none),
    "list_imports": (
        "listrak__list_import_results", "count(distinct import_file_id)", "an import without a result yet"
    ),
    "list_import_statuses": (
        "listrak__list_import_results",
        "count(distinct case when status is not null then import_file_id end)",
        "an import without a result yet"
    ),
    "phone_lists": ("listrak__sms_lists", "sum(case when is_listed then 1 else 0 end)", none),
    "phone_list_contacts": ("listrak__sms_lists", "sum(contacts)", none),
    "phone_list_subscriptions": ("listrak__sms_lists", "sum(subscriptions)", none),
} -%}
{%- set used_elsewhere = {
    "list_import_summaries": "its counts are reported_contacts of listrak__list_import_results",
    "split_test_messages": "its test is split_test_id of listrak__messages",
    "sender_codes": "its code is sender_code of listrak__sms_lists",
    "message_details": "its content and settings; no mart is about them",
    "message_statuses": "its status is message_status of listrak__messages",
    "conversation_message_details": "its content and settings; no mart is about them",
    "phone_list_contact_details": "dates of the sender code; those of the phone lists are used",
    "sms_opt_outs": "counted per phone list in listrak__sms_lists_daily; a number in no list is left out",
} -%}
-- One row per stream: each of its rows is in a mart, or counted as left out.
{% for stream in dbt_listrak.streams() %}
    {%- set mart, counted, reason = places.get(stream, (none, "0", none)) %}
    select
        '{{ stream }}' as stream_name,
        {% if mart %}'{{ mart }}'{% else %}cast(null as {{ dbt.type_string() }}){% endif %} as mart,
        staged.staged_rows,
        {% if mart -%}
            coalesce(placed.mart_rows, 0)
        {%- else -%}
            cast(0 as {{ dbt.type_bigint() }})
        {%- endif %} as mart_rows,
        staged.staged_rows - {% if mart %}coalesce(placed.mart_rows, 0){% else %}0{% endif %} as left_out_rows,
        {% if mart and not reason -%}
            cast(null as {{ dbt.type_string() }})
        {%- else -%}
            '{{ reason or used_elsewhere.get(stream, "describes the set-up of the account; no mart is about it") }}'
        {%- endif %} as reason
    from (select count(*) as staged_rows from {{ ref('stg_listrak__' ~ stream) }}) as staged
    {% if mart %}
        cross join ( -- noqa: ST05
            select cast({{ counted }} as {{ dbt.type_bigint() }}) as mart_rows
            from {{ ref(mart) }}
        ) as placed
    {% endif %}
    {{ "union all" if not loop.last }}
{% endfor %}
