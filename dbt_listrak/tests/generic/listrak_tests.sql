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
