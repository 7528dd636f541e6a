{% snapshot listrak__contacts_snapshot %}

{{ config(
    unique_key='contact_key',
    strategy='check',
    check_cols=[
        'email_address', 'subscription_state', 'subscribe_date', 'resubscribe_date', 'unsubscribe_date',
        'external_contact_id', 'profile_fields', 'segmentation_field_values'
    ]
) }}

    select
        {{ dbt_listrak.message_key("contact", ["list_id", "email_key"]) }} as contact_key,
        * -- noqa: AM04
    from {{ ref('stg_listrak__contacts') }}

{% endsnapshot %}
