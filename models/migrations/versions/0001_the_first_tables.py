"""The first tables: the whole loop, from import to the second morning's list."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "consent",
        sa.Column("address_key", sa.String(), nullable=False),
        sa.Column("basis", sa.String(length=24), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("given_on", sa.Date(), nullable=True),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("address_key", name="pk_consent"),
    )
    op.create_table(
        "importrun",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("file_name", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("new", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("same", sa.Integer(), nullable=False),
        sa.Column("rejected", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_importrun"),
    )
    op.create_table(
        "infomail",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("goal", sa.String(), nullable=False),
        sa.Column("cost_money", sa.Integer(), nullable=False),
        sa.Column("cost_hours", sa.Float(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("language", sa.String(length=24), nullable=False),
        sa.Column("classes", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("stop_reason", sa.String(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approved_by", sa.String(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("send_after", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_infomail"),
    )
    op.create_table(
        "jobrun",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("local_date", sa.Date(), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("name", "local_date", name="pk_jobrun"),
    )
    op.create_table(
        "quarantine",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_quarantine"),
        sa.UniqueConstraint("digest", name="uq_quarantine_digest"),
    )
    op.create_table(
        "salesperson",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("slack_id", sa.String(), nullable=True),
        sa.Column("dm_channel", sa.String(), nullable=True),
        sa.Column("team", sa.String(length=24), nullable=False),
        sa.Column("role", sa.String(length=24), nullable=False),
        sa.Column("language", sa.String(length=24), nullable=False),
        sa.Column("timezone", sa.String(), nullable=False),
        sa.Column("list_time", sa.String(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_salesperson"),
        sa.UniqueConstraint("email", name="uq_salesperson_email"),
        sa.UniqueConstraint("slack_id", name="uq_salesperson_slack_id"),
    )
    op.create_table(
        "suppression",
        sa.Column("address_key", sa.String(), nullable=False),
        sa.Column("reason", sa.String(length=24), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("call_id", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("address_key", name="pk_suppression"),
    )
    op.create_table(
        "account",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("name_key", sa.String(), nullable=False),
        sa.Column("yearly_profit", sa.BigInteger(), nullable=True),
        sa.Column("yearly_sales", sa.BigInteger(), nullable=True),
        sa.Column("last_deal_on", sa.Date(), nullable=True),
        sa.Column("won_on", sa.Date(), nullable=True),
        sa.Column("trades_with_id", sa.Integer(), nullable=True),
        sa.Column("customer_class", sa.String(length=24), nullable=True),
        sa.Column("class_why", sa.String(), nullable=False),
        sa.Column("c_choice", sa.String(length=24), nullable=True),
        sa.Column("c_choice_by", sa.String(), nullable=True),
        sa.Column("c_choice_why", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["trades_with_id"], ["salesperson.id"], name="fk_account_trades_with_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_account"),
        sa.UniqueConstraint("name_key", name="uq_account_name_key"),
    )
    op.create_index("ix_account_trades_with_id", "account", ["trades_with_id"])

    op.create_table(
        "dailylist",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(), nullable=False),
        sa.Column("salesperson_id", sa.Integer(), nullable=False),
        sa.Column("local_date", sa.Date(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("channel", sa.String(), nullable=True),
        sa.Column("message_ts", sa.String(), nullable=True),
        sa.Column("window_start", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("drawn_version", sa.Integer(), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["salesperson_id"], ["salesperson.id"], name="fk_dailylist_salesperson_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_dailylist"),
        sa.UniqueConstraint("public_id", name="uq_dailylist_public_id"),
        sa.UniqueConstraint(
            "salesperson_id", "local_date", name="uq_dailylist_salesperson_id_local_date"
        ),
    )
    op.create_index("ix_dailylist_local_date", "dailylist", ["local_date"])

    op.create_table(
        "maillink",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("mail_id", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("weight", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["mail_id"], ["infomail.id"], name="fk_maillink_mail_id"),
        sa.PrimaryKeyConstraint("id", name="pk_maillink"),
        sa.UniqueConstraint("mail_id", "url", name="uq_maillink_mail_id_url"),
    )
    op.create_table(
        "classmove",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("before", sa.String(length=24), nullable=True),
        sa.Column("after", sa.String(length=24), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_classmove_account_id"),
        sa.PrimaryKeyConstraint("id", name="pk_classmove"),
    )
    op.create_index("ix_classmove_account_id", "classmove", ["account_id"])

    op.create_table(
        "lead",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("department", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=True),
        sa.Column("email_key", sa.String(), nullable=True),
        sa.Column("phone", sa.String(), nullable=True),
        sa.Column("phone_note", sa.String(), nullable=False),
        sa.Column("mobile", sa.String(), nullable=True),
        sa.Column("card_on", sa.Date(), nullable=True),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("language", sa.String(length=24), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("owner_chosen", sa.Boolean(), nullable=False),
        sa.Column("customer_class", sa.String(length=24), nullable=True),
        sa.Column("call_state", sa.String(length=24), nullable=False),
        sa.Column("rest_until", sa.Date(), nullable=True),
        sa.Column("unanswered", sa.Integer(), nullable=False),
        sa.Column("last_call_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_talk_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_lead_account_id"),
        sa.ForeignKeyConstraint(["import_id"], ["importrun.id"], name="fk_lead_import_id"),
        sa.ForeignKeyConstraint(["owner_id"], ["salesperson.id"], name="fk_lead_owner_id"),
        sa.PrimaryKeyConstraint("id", name="pk_lead"),
        sa.UniqueConstraint("email_key", name="uq_lead_email_key"),
    )
    op.create_index("ix_lead_account_id", "lead", ["account_id"])
    op.create_index("ix_lead_import_id", "lead", ["import_id"])
    op.create_index("ix_lead_owner_class", "lead", ["owner_id", "customer_class"])

    op.create_table(
        "delivery",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(), nullable=False),
        sa.Column("mail_id", sa.Integer(), nullable=False),
        sa.Column("lead_id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(), nullable=True),
        sa.Column("address_key", sa.String(), nullable=True),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("reason", sa.String(length=24), nullable=True),
        sa.Column("detail", sa.String(), nullable=False),
        sa.Column("batch", sa.String(), nullable=True),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=True),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("message_id", sa.String(), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("bounced_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refused_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["lead_id"], ["lead.id"], name="fk_delivery_lead_id"),
        sa.ForeignKeyConstraint(["mail_id"], ["infomail.id"], name="fk_delivery_mail_id"),
        sa.PrimaryKeyConstraint("id", name="pk_delivery"),
        sa.UniqueConstraint("mail_id", "address_key", name="uq_delivery_mail_id_address_key"),
        sa.UniqueConstraint("mail_id", "lead_id", name="uq_delivery_mail_id_lead_id"),
        sa.UniqueConstraint("public_id", name="uq_delivery_public_id"),
    )
    op.create_index("ix_delivery_address_key", "delivery", ["address_key"])
    op.create_index("ix_delivery_batch", "delivery", ["batch"])
    op.create_index("ix_delivery_lead_id", "delivery", ["lead_id"])
    op.create_index("ix_delivery_mail_state", "delivery", ["mail_id", "state"])
    op.create_index("ix_delivery_message_id", "delivery", ["message_id"])

    op.create_table(
        "listentry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("list_id", sa.Integer(), nullable=False),
        sa.Column("lead_id", sa.Integer(), nullable=False),
        sa.Column("local_date", sa.Date(), nullable=False),
        sa.Column("section", sa.String(length=24), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("chance", sa.Float(), nullable=False),
        sa.Column("explored", sa.Boolean(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("callback_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["callback_id"], ["callback.id"], name="fk_listentry_callback_id", use_alter=True
        ),
        sa.ForeignKeyConstraint(["lead_id"], ["lead.id"], name="fk_listentry_lead_id"),
        sa.ForeignKeyConstraint(["list_id"], ["dailylist.id"], name="fk_listentry_list_id"),
        sa.PrimaryKeyConstraint("id", name="pk_listentry"),
        sa.UniqueConstraint("lead_id", "local_date", name="uq_listentry_lead_id_local_date"),
        sa.UniqueConstraint("list_id", "place", name="uq_listentry_list_id_place"),
    )
    op.create_table(
        "call",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("lead_id", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=True),
        sa.Column("salesperson_id", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=24), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("logged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("press_key", sa.String(), nullable=True),
        sa.Column("current", sa.Boolean(), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["entry_id"], ["listentry.id"], name="fk_call_entry_id"),
        sa.ForeignKeyConstraint(["lead_id"], ["lead.id"], name="fk_call_lead_id"),
        sa.ForeignKeyConstraint(
            ["salesperson_id"], ["salesperson.id"], name="fk_call_salesperson_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_call"),
        sa.UniqueConstraint("press_key", name="uq_call_press_key"),
    )
    op.create_index("ix_call_lead_id", "call", ["lead_id"])
    op.create_index(
        "ix_call_one_current_per_entry",
        "call",
        ["entry_id"],
        unique=True,
        sqlite_where=sa.text("current"),
        postgresql_where=sa.text("current"),
    )
    op.create_index("ix_call_salesperson_id", "call", ["salesperson_id"])

    op.create_table(
        "mailevent",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("natural_key", sa.String(), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("delivery_id", sa.Integer(), nullable=True),
        sa.Column("lead_id", sa.Integer(), nullable=True),
        sa.Column("address_key", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("ip", sa.String(), nullable=False),
        sa.Column("user_agent", sa.String(), nullable=False),
        sa.Column("machine_flag", sa.Boolean(), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.Column("raw", sa.String(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("verdict", sa.String(length=24), nullable=True),
        sa.Column("verdict_reason", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["delivery_id"], ["delivery.id"], name="fk_mailevent_delivery_id"),
        sa.ForeignKeyConstraint(["lead_id"], ["lead.id"], name="fk_mailevent_lead_id"),
        sa.PrimaryKeyConstraint("id", name="pk_mailevent"),
        sa.UniqueConstraint("at", "event_id", name="uq_mailevent_at_event_id"),
        sa.UniqueConstraint("at", "natural_key", name="uq_mailevent_at_natural_key"),
    )
    op.create_index("ix_mailevent_delivery_id", "mailevent", ["delivery_id"])
    op.create_index("ix_mailevent_lead_kind", "mailevent", ["lead_id", "kind"])

    op.create_table(
        "monthslot",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("period", sa.String(), nullable=False),
        sa.Column("delivery_id", sa.Integer(), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["delivery_id"], ["delivery.id"], name="fk_monthslot_delivery_id"),
        sa.PrimaryKeyConstraint("key", "period", name="pk_monthslot"),
    )
    op.create_index("ix_monthslot_delivery_id", "monthslot", ["delivery_id"])

    op.create_table(
        "surveyanswer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("delivery_id", sa.Integer(), nullable=False),
        sa.Column("lead_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("might_use", sa.String(length=24), nullable=False),
        sa.Column("uses_similar", sa.String(length=24), nullable=True),
        sa.Column("trouble", sa.String(), nullable=False),
        sa.Column("opinion", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["delivery.id"], name="fk_surveyanswer_delivery_id"
        ),
        sa.ForeignKeyConstraint(["lead_id"], ["lead.id"], name="fk_surveyanswer_lead_id"),
        sa.PrimaryKeyConstraint("id", name="pk_surveyanswer"),
    )
    op.create_index("ix_surveyanswer_delivery_id", "surveyanswer", ["delivery_id"])
    op.create_index("ix_surveyanswer_lead_id", "surveyanswer", ["lead_id"])

    op.create_table(
        "callback",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("lead_id", sa.Integer(), nullable=False),
        sa.Column("salesperson_id", sa.Integer(), nullable=False),
        sa.Column("call_id", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by_call_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name="fk_callback_call_id"),
        sa.ForeignKeyConstraint(["lead_id"], ["lead.id"], name="fk_callback_lead_id"),
        sa.ForeignKeyConstraint(
            ["salesperson_id"], ["salesperson.id"], name="fk_callback_salesperson_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_callback"),
    )
    op.create_index("ix_callback_call_id", "callback", ["call_id"])
    op.create_index("ix_callback_lead_id", "callback", ["lead_id"])
    op.create_index("ix_callback_salesperson_id", "callback", ["salesperson_id"])

    op.create_table(
        "task",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("lead_id", sa.Integer(), nullable=False),
        sa.Column("salesperson_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("call_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name="fk_task_call_id"),
        sa.ForeignKeyConstraint(["lead_id"], ["lead.id"], name="fk_task_lead_id"),
        sa.ForeignKeyConstraint(
            ["salesperson_id"], ["salesperson.id"], name="fk_task_salesperson_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_task"),
    )
    op.create_index("ix_task_call_id", "task", ["call_id"])
    op.create_index("ix_task_lead_id", "task", ["lead_id"])
    if op.get_context().dialect.name != "sqlite":  # there it is part of the table already
        op.create_foreign_key(
            "fk_listentry_callback_id", "listentry", "callback", ["callback_id"], ["id"]
        )
