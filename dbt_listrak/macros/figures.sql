{#- The figures of a group of sends, counted one by one, in every mart alike. A send that bounced was not
    delivered. -#}
{% macro figures() %}
    {{- dbt_listrak.count_of("true", "sends") }},
    {{ dbt_listrak.count_of("not coalesce(bounced, false)", "delivered") }},
    {{ dbt_listrak.count_of("bounced", "bounces") }},
    {{ dbt_listrak.count_of("opened", "opens") }},
    {{ dbt_listrak.count_of("was_read", "reads") }},
    {{ dbt_listrak.count_of("clicked", "clickers") }},
    cast(coalesce(sum(click_count), 0) as {{ dbt.type_bigint() }}) as clicks,
    {{ dbt_listrak.count_of("unsubscribed", "unsubscribes") }},
    {{ dbt_listrak.count_of("complained", "complaints") }},
    {{ dbt_listrak.count_of("visited_at is not null", "visits") }},
    {{ dbt_listrak.count_of("order_total > 0", "orders") }},
    cast(coalesce(sum(order_total), 0) as {{ dbt_listrak.type_money() }}) as revenue
{%- endmacro %}


{#- The names of the figures, in their order. -#}
{% macro figure_names() %}
    {{ return([
        "sends", "delivered", "bounces", "opens", "reads", "clickers", "clicks", "unsubscribes", "complaints",
        "visits", "orders", "revenue"
    ]) }}
{% endmacro %}


{#- The figures of a joined relation, 0 where nothing was sent. -#}
{% macro joined_figures(alias) %}
    {%- for name in dbt_listrak.figure_names() %}
    coalesce({{ alias }}.{{ name }}, 0) as {{ name }}{{ "," if not loop.last }}
    {%- endfor %}
{%- endmacro %}


{% macro count_of(condition, name) -%}
    cast(sum(case when {{ condition }} then 1 else 0 end) as {{ dbt.type_bigint() }}) as {{ name }}
{%- endmacro %}


{#- The rates that follow from the figures; null where the denominator is 0. -#}
{% macro rates() %}
    {{- dbt_listrak.share("opens", "delivered") }} as open_rate,
    {{ dbt_listrak.share("clickers", "delivered") }} as click_rate,
    {{ dbt_listrak.share("clickers", "opens") }} as click_to_open_rate,
    {{ dbt_listrak.share("bounces", "sends") }} as bounce_rate,
    {{ dbt_listrak.share("unsubscribes", "delivered") }} as unsubscribe_rate,
    {{ dbt_listrak.share("complaints", "delivered") }} as complaint_rate,
    {{ dbt_listrak.share("orders", "delivered") }} as order_rate,
    {{ dbt_listrak.share("revenue", "delivered") }} as revenue_per_delivered
{%- endmacro %}


{% macro share(part, whole) -%}
    round(1.0 * {{ part }} / nullif({{ whole }}, 0), 4)
{%- endmacro %}


{#- A short key of several columns; a null differs from an empty text. -#}
{% macro key_of(columns) -%}
    {%- set parts = [] -%}
    {%- for column in columns -%}
        {%- do parts.append("coalesce(cast(" ~ column ~ " as " ~ dbt.type_string() ~ "), '~')") -%}
        {%- if not loop.last -%}{%- do parts.append("'|'") -%}{%- endif -%}
    {%- endfor -%}
    {{ dbt.hash(dbt.concat(parts)) }}
{%- endmacro %}


{#- A readable key of a message: its kind and its ids, such as `broadcast-40137-10000001`. -#}
{% macro message_key(kind, columns) -%}
    {%- set parts = ["'" ~ kind ~ "'"] -%}
    {%- for column in columns -%}
        {%- do parts.append("'-'") -%}
        {%- do parts.append("cast(" ~ column ~ " as " ~ dbt.type_string() ~ ")") -%}
    {%- endfor -%}
    {{ dbt.concat(parts) }}
{%- endmacro %}


{#- What a recipient did with a message: the columns that the three activity streams share. -#}
{% macro activity_columns() -%}
    lower(email_address) as email_address,
    email_domain,
    external_contact_id,
    send_date as sent_at,
    activity_date as first_activity_at,
    opened,
    was_read,
    clicked,
    click_count,
    bounced,
    bounce_reason,
    unsubscribed,
    complained,
    visit_date as visited_at,
    order_total
{%- endmacro %}


{#- The figures of Listrak's own report, from a summary. -#}
{% macro reported_figures(alias) -%}
    {{ alias }}.sent_count as reported_sends,
    {{ alias }}.bounce_count as reported_bounces,
    {{ alias }}.open_count as reported_opens,
    {{ alias }}.read_count as reported_reads,
    {{ alias }}.click_count as reported_clicks,
    {{ alias }}.unsubscribe_count as reported_unsubscribes,
    {{ alias }}.visit_count as reported_visits,
    {{ alias }}.conversion_count as reported_orders,
    {{ alias }}.revenue as reported_revenue
{%- endmacro %}
