{#- Fails for each key that occurs more than once or holds a null. -#}
{% test primary_key(model, columns) %}
select {{ columns | join(", ") }}
from {{ model }}
group by {{ columns | join(", ") }}
having
    count(*) > 1
    {%- for column in columns %}
    or {{ column }} is null
    {%- endfor %}
{% endtest %}


{#- Fails for each row in which one of the pairs of columns differs. -#}
{% test figures_equal(model, pairs) %}
select *
from {{ model }}
where
    {%- for counted, reported in pairs.items() %}
    {{ "or " if not loop.first }}({{ reported }} is not null and {{ counted }} <> {{ reported }})
    {%- endfor %}
{% endtest %}


{#- Fails for each stream with rows that no mart holds, though none may be left out, or with more than there are. -#}
{% test nothing_lost(model) %}
select *
from {{ model }}
where
    mart_rows + left_out_rows <> staged_rows
    or left_out_rows < 0
    or (left_out_rows > 0 and reason is null)
{% endtest %}


{#- Fails for each group of ids that another model lacks: a relationship by several columns. -#}
{% test references(model, columns, to) %}
select distinct {{ columns | join(", ") }}
from {{ model }} as child
where
    not exists (
        select 1
        from {{ to }} as parent
        where
            {%- for column in columns %}
            {{ "and " if not loop.first }}parent.{{ column }} = child.{{ column }}
            {%- endfor %}
    )
    {%- for column in columns %}
    and {{ column }} is not null
    {%- endfor %}
{% endtest %}
