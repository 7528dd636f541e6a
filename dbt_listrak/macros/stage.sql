{#- Selects a stream's columns under the names and types that the models rely on, whatever the loader made of
    them. `columns` holds a property's name, the name in the models and its kind for each column. -#}
{% macro stage(source_relation, columns) %}
    {%- set raw = dbt_listrak.raw_columns(source_relation, columns) -%}
    select
    {%- for name, alias, kind in columns %}
        {{ dbt_listrak.typed(raw, name, kind) }} as {{ alias }}{{ "," if not loop.last }}
    {%- endfor %}
    {%- if raw %}
    from {{ source_relation }}
        {%- if "sdcdeletedat" in raw %}
    where {{ raw["sdcdeletedat"].quoted }} is null
        {%- endif %}
    {%- else %}
    {{ dbt_listrak.no_rows() }}
    {%- endif %}
{% endmacro %}


{#- The columns of a table by their name without case and underscores: `listId`, `listid`, `list_id` and
    `LISTID` are one. Empty if there is no such table, or if it is disabled. -#}
{% macro raw_columns(source_relation, columns) %}
    {%- set raw = {} -%}
    {%- if source_relation.identifier in var("listrak_disabled_streams") or not execute -%}
        {{ return(raw) }}
    {%- endif -%}
    {%- if var("listrak_assume_columns") -%}
        {%- for name, alias, kind in columns if kind != "domain" -%}
            {%- do raw.update({dbt_listrak.bare(name): {"quoted": adapter.quote(name), "type": ""}}) -%}
        {%- endfor -%}
        {{ return(raw) }}
    {%- endif -%}
    {%- set relation = load_relation(source_relation) -%}
    {%- if relation is not none -%}
        {%- for column in adapter.get_columns_in_relation(relation) -%}
            {%- do raw.update({
                dbt_listrak.bare(column.name): {
                    "quoted": adapter.quote(column.name), "type": column.dtype | lower
                }
            }) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(raw) }}
{% endmacro %}


{% macro bare(name) %}{{ return(name | replace("_", "") | lower) }}{% endmacro %}


{#- One column in its type; a typed null if the table lacks it. -#}
{% macro typed(raw, name, kind) %}
    {%- set column = raw.get(dbt_listrak.bare(name)) -%}
    {%- if kind == "domain" and column is none -%}
        {%- set address = raw.get("emailaddress") -%}
        {%- if address -%} {{ dbt_listrak.domain_of(address.quoted) }}
        {%- else -%} cast(null as {{ dbt_listrak.type_of("string") }})
        {%- endif -%}
    {%- elif column is none -%} cast(null as {{ dbt_listrak.type_of(kind) }})
    {%- elif kind == "timestamp" -%} {{ dbt_listrak.utc_timestamp(column.quoted, column.type) }}
    {%- elif kind == "json" -%} {{ dbt_listrak.json_text(column.quoted, column.type) }}
    {%- elif kind == "domain" -%} lower(cast({{ column.quoted }} as {{ dbt_listrak.type_of("string") }}))
    {%- else -%} cast({{ column.quoted }} as {{ dbt_listrak.type_of(kind) }})
    {%- endif -%}
{% endmacro %}


{% macro type_of(kind) %}
    {%- if kind == "integer" -%} {{ return(dbt.type_bigint()) }}
    {%- elif kind == "number" -%} {{ return(dbt_listrak.type_money()) }}
    {%- elif kind == "boolean" -%} {{ return(dbt.type_boolean()) }}
    {%- elif kind == "timestamp" -%} {{ return(dbt.type_timestamp()) }}
    {%- else -%} {{ return(dbt.type_string()) }}
    {%- endif -%}
{% endmacro %}
