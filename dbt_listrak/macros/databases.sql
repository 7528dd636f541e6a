{#- What databases do differently. Each macro can be replaced in a project by `<adapter>__<name>` and dispatch. -#}

{#- A table without rows: the end of a select of constants. -#}
{% macro no_rows() %}{{ return(adapter.dispatch("no_rows", "dbt_listrak")()) }}{% endmacro %}
{% macro default__no_rows() %}where false{% endmacro %}
{% macro bigquery__no_rows() %}from (select 1 as nothing) where false{% endmacro %}


{#- Money: four decimals, because Listrak's averages have more than two. -#}
{% macro type_money() %}{{ return(adapter.dispatch("type_money", "dbt_listrak")()) }}{% endmacro %}
{% macro default__type_money() %}numeric(18, 4){% endmacro %}
{% macro bigquery__type_money() %}numeric{% endmacro %}


{#- A time in UTC without a zone, from text, a time with a zone or a time without one, which is UTC. -#}
{% macro utc_timestamp(column, type) %}
    {{- return(adapter.dispatch("utc_timestamp", "dbt_listrak")(column, type)) -}}
{% endmacro %}
{% macro default__utc_timestamp(column, type) -%}
    {%- if type.startswith("timestamp") and "with time zone" not in type and "tz" not in type -%}
        cast({{ column }} as timestamp)
    {%- else -%}
        cast({{ column }} as timestamp with time zone) at time zone 'UTC'
    {%- endif -%}
{%- endmacro %}
{% macro snowflake__utc_timestamp(column, type) -%}
    {%- if "ntz" in type -%} cast({{ column }} as timestamp_ntz)
    {%- else -%} cast(convert_timezone('UTC', cast({{ column }} as timestamp_tz)) as timestamp_ntz)
    {%- endif -%}
{%- endmacro %}
{% macro bigquery__utc_timestamp(column, type) -%} cast({{ column }} as timestamp) {%- endmacro %}


{#- The day on which a time falls in the zone of `listrak_time_zone`. -#}
{% macro local_day(column) %}{{- return(adapter.dispatch("local_day", "dbt_listrak")(column)) -}}{% endmacro %}
{% macro default__local_day(column) -%}
    cast({{ column }} at time zone 'UTC' at time zone '{{ var("listrak_time_zone") }}' as date)
{%- endmacro %}
{% macro snowflake__local_day(column) -%}
    cast(convert_timezone('UTC', '{{ var("listrak_time_zone") }}', {{ column }}) as date)
{%- endmacro %}
{% macro bigquery__local_day(column) -%} date({{ column }}, '{{ var("listrak_time_zone") }}') {%- endmacro %}


{#- JSON as text, from a JSON column, an array of them, or text. -#}
{% macro json_text(column, type) %}
    {{- return(adapter.dispatch("json_text", "dbt_listrak")(column, type)) -}}
{% endmacro %}
{% macro default__json_text(column, type) -%} cast({{ column }} as {{ dbt.type_string() }}) {%- endmacro %}
{% macro postgres__json_text(column, type) -%}
    {%- if "[]" in type or type == "array" -%} cast(to_jsonb({{ column }}) as text)
    {%- else -%} cast({{ column }} as text)
    {%- endif -%}
{%- endmacro %}
{% macro snowflake__json_text(column, type) -%}
    {%- if "char" in type or "text" in type -%} cast({{ column }} as varchar)
    {%- else -%} to_json(to_variant({{ column }}))
    {%- endif -%}
{%- endmacro %}
{% macro bigquery__json_text(column, type) -%}
    {%- if type == "string" -%} {{ column }} {%- else -%} to_json_string({{ column }}) {%- endif -%}
{%- endmacro %}


{#- The text of one member of an object in JSON text. -#}
{% macro json_member(column, name) %}
    {{- return(adapter.dispatch("json_member", "dbt_listrak")(column, name | replace("'", "''"))) -}}
{% endmacro %}
{% macro default__json_member(column, name) -%}
    json_extract_string({{ column }}, '$."{{ name | replace('"', '\\"') }}"')
{%- endmacro %}
{% macro postgres__json_member(column, name) -%} cast({{ column }} as jsonb) ->> '{{ name }}' {%- endmacro %}
{% macro snowflake__json_member(column, name) -%}
    cast(get(parse_json({{ column }}), '{{ name }}') as varchar)
{%- endmacro %}
{% macro bigquery__json_member(column, name) -%} json_value({{ column }}, '$."{{ name }}"') {%- endmacro %}


{#- The domain of an address, lower case; null for what is no address, such as a hash. -#}
{% macro domain_of(column) -%}
    case
        when cast({{ column }} as {{ dbt.type_string() }}) like '%@%'
            then lower({{ dbt.split_part("cast(" ~ column ~ " as " ~ dbt.type_string() ~ ")", "'@'", -1) }})
    end
{%- endmacro %}
